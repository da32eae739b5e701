// Pictures beside each other. The pointer or the arrow keys read the same place in all maps.
const LEAST = 135;  // Pixels of a picture's height.

export default function ({ data, parentElement }) {
  const find = (selector) => parentElement.querySelector(selector);
  const panes = find(".panes"), reading = find(".reading");
  const shown = data.items.map((item) => {
    const pane = document.createElement("div"), picture = document.createElement("div"), cell = document.createElement("div");
    pane.className = "pane";
    picture.className = "picture";
    cell.className = "cell";
    cell.hidden = true;
    const image = Object.assign(document.createElement("img"), { src: item.picture, alt: item.alt, className: item.tiny ? "tiny" : "" });
    picture.append(image, cell);
    const title = Object.assign(document.createElement("div"), { className: "title", textContent: item.title });
    const detail = Object.assign(document.createElement("div"), { className: "detail", textContent: item.detail });
    pane.append(picture, title, detail);
    return { item, pane, picture, image, cell };
  });
  panes.replaceChildren(...shown.map((each) => each.pane));
  panes.dataset.columns = shown.length;

  find("figcaption").style.display = data.scale || data.hint ? "" : "none";
  find(".scale").style.display = data.scale ? "" : "none";
  if (data.scale) {
    find(".low").textContent = data.scale.low;
    find(".high").textContent = data.scale.high;
    find(".unit").textContent = data.scale.unit;
    find(".ramp").style.background = `linear-gradient(90deg, ${data.scale.ramp.join(",")})`;
  }

  const write = (value) => {
    const size = Math.abs(value), digits = size >= 0.01 || !size ? size.toFixed(size >= 10 ? 1 : 2) : size.toExponential(1);
    return `${value < 0 ? "−" : "+"}${digits}`;
  };
  const rest = () => { reading.textContent = data.hint; for (const each of shown) each.cell.hidden = true; };
  const read = (x, y) => {
    if (!data.hint) return;
    const parts = [];
    for (const { item, cell } of shown) {
      cell.hidden = true;
      if (!item.shape) continue;
      const [left, top, right, bottom] = item.window, [rows, columns] = item.shape;
      if (x < left || x >= right || y < top || y >= bottom) continue;
      const column = Math.floor(((x - left) / (right - left)) * columns), row = Math.floor(((y - top) / (bottom - top)) * rows);
      parts.push(`${item.short} ${write(item.cells[row * columns + column])}`);
      const width = (right - left) / columns, height = (bottom - top) / rows;
      Object.assign(cell.style, { left: `${100 * (left + column * width)}%`, top: `${100 * (top + row * height)}%`, width: `${100 * width}%`, height: `${100 * height}%` });
      cell.hidden = false;
    }
    reading.textContent = parts.length ? parts.join(" · ") : "Cut away: the network did not see this";
  };
  for (const { picture, image } of shown) {
    picture.onpointermove = (event) => {
      const box = image.getBoundingClientRect();
      reading.setAttribute("aria-live", "off");
      read((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    };
    picture.onpointerleave = rest;
  }

  // The first arrow key reads the highest cell of the first map, the next ones go on from there.
  const map = data.hint ? data.items.find((item) => item.shape) : undefined;
  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const within = (value, number) => Math.min(Math.max(value, 0), number - 1);
  let at = null;
  panes.removeAttribute("tabindex");
  panes.removeAttribute("role");
  panes.removeAttribute("aria-label");
  if (map) {
    panes.tabIndex = 0;
    panes.setAttribute("role", "group");
    panes.setAttribute("aria-label", `Maps of ${map.shape[0]} × ${map.shape[1]} cells: arrow keys read them`);
  }
  panes.onkeydown = (event) => {
    const step = steps[event.key];
    if (!step || !map) return;
    event.preventDefault();
    event.stopPropagation();  // The same keys lead from sample to sample elsewhere on the page.
    const [rows, columns] = map.shape, [left, top, right, bottom] = map.window;
    const highest = map.cells.reduce((best, value, index) => (value > map.cells[best] ? index : best), 0);
    at = at ? [within(at[0] + step[0], rows), within(at[1] + step[1], columns)] : [Math.floor(highest / columns), highest % columns];
    reading.setAttribute("aria-live", "polite");
    read(left + ((at[1] + 0.5) / columns) * (right - left), top + ((at[0] + 0.5) / rows) * (bottom - top));
  };
  panes.onblur = rest;

  const figure = find("figure");
  figure.tabIndex = -1;
  figure.setAttribute("aria-label", data.items.map((item) => item.title).join(", "));
  if (data.scroll_to && figure.dataset.shown !== data.scroll_to) {
    figure.dataset.shown = data.scroll_to;
    document.querySelector('[data-testid="stMain"]')?.scrollTo({ top: 0, behavior: "smooth" });
    // Opened from a gallery: what is opened gets the focus, and the keys go on from here. Drawn once more while it
    // is closed, it does not: its picture there is not pressed any more.
    const from = document.activeElement?.shadowRoot?.activeElement;
    if (from?.matches("[aria-pressed=true]")) figure.focus({ preventScroll: true });
  }
  rest();
  if (data.below === null) return;

  // As high as the window leaves room for all of the figure.
  return keepFitted(figure, () => {
    const heights = new Map();
    for (const { pane, image } of shown) heights.set(pane.offsetTop, Math.max(heights.get(pane.offsetTop) ?? 0, image.offsetHeight));
    const pictures = [...heights.values()].reduce((sum, height) => sum + height, 0);
    const left = room(figure) - data.below - (figure.offsetHeight - pictures);
    figure.style.setProperty("--most", `${Math.max(LEAST, Math.floor(left / heights.size))}px`);
  });
}
