// A photo with its map on top. Opacity, wipe and the value under the pointer or at the arrow keys need no server.
const LEAST = 280;  // Pixels of the photo's height.

export default function ({ data, parentElement, setStateValue }) {
  const find = (selector) => parentElement.querySelector(selector);
  const pane = find(".mapped"), heat = find(".heat"), layers = find(".layers"), cell = find(".cell");
  const wipe = find(".wipe"), handle = find(".handle"), opacity = find(".opacity"), original = find(".original");
  const [left, top, right, bottom] = data.window;

  for (const each of parentElement.querySelectorAll(".pane")) {
    // As wide as the column allows, but so low that what belongs to the photo is seen with it.
    each.style.aspectRatio = data.ratio;
    each.style.maxWidth = `calc(min(max(20rem, 40vh), var(--most, 100vh)) * ${data.ratio})`;
    const base = each.querySelector(".base");
    base.src = data.photo;
    base.alt = data.alt;
    base.style.imageRendering = data.tiny ? "pixelated" : "";
  }
  heat.src = data.heat;
  original.hidden = data.view !== "side";
  original.style.display = data.view === "side" ? "" : "none";
  place(find(".frame"), left, top, right, bottom);
  for (const old of layers.querySelectorAll(".unseen")) old.remove();
  for (const [l, t, r, b] of [[0, 0, 1, top], [0, bottom, 1, 1], [0, top, left, bottom], [right, top, 1, bottom]]) {
    if (r - l < 0.002 || b - t < 0.002) continue;
    const margin = document.createElement("div");
    margin.className = "unseen";
    place(margin, l, t, r, b);
    layers.append(margin);
  }

  find(".low").textContent = data.low;
  find(".high").textContent = data.high;
  find(".unit").textContent = data.unit;
  find(".ramp").style.background = `linear-gradient(90deg, ${data.ramp.join(",")})`;

  if (!opacity.dataset.ready) { opacity.value = data.opacity * 100; opacity.dataset.ready = "1"; }
  const fade = () => { heat.style.opacity = opacity.value / 100; find(".percent").textContent = `${opacity.value}%`; };
  opacity.oninput = fade;
  opacity.onchange = () => setStateValue("opacity", opacity.value / 100);
  fade();

  const wiping = data.view === "wipe";
  wipe.hidden = handle.hidden = !wiping;
  const part = () => {
    const share = wiping ? wipe.value / 10 : 0;
    layers.style.clipPath = `inset(0 0 0 ${share}%)`;
    handle.style.left = `${share}%`;
  };
  wipe.oninput = part;
  part();

  const reading = find(".reading");
  const [rows, columns] = data.shape, width = (right - left) / columns, height = (bottom - top) / rows;
  const rest = () => { reading.textContent = data.hint; cell.hidden = true; };
  const read = (row, column) => {
    cell.hidden = width * pane.clientWidth < 6;
    place(cell, left + column * width, top + row * height, left + (column + 1) * width, top + (row + 1) * height);
    const value = data.cells[row * columns + column];
    const sign = value < 0 ? "−" : "+", size = Math.abs(value);
    const digits = size >= 0.01 || size === 0 ? size.toFixed(size >= 10 ? 1 : 3) : size.toExponential(1);
    reading.textContent = `${sign}${digits} ${data.unit} · row ${row + 1}, column ${column + 1} of ${rows} × ${columns} cells`;
  };
  pane.onpointerleave = rest;
  pane.onpointermove = (event) => {
    const box = pane.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width, y = (event.clientY - box.top) / box.height;
    if (x < left || x >= right || y < top || y >= bottom) {
      cell.hidden = true;
      reading.textContent = "Cut away: the network did not see this";
      return;
    }
    reading.setAttribute("aria-live", "off");
    read(Math.floor((y - top) / height), Math.floor((x - left) / width));
  };

  // The first arrow key reads the highest cell, the next ones go on from there.
  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const within = (value, number) => Math.min(Math.max(value, 0), number - 1);
  let at = null;
  pane.setAttribute("aria-label", `Map of ${rows} × ${columns} cells: arrow keys read them`);
  pane.onkeydown = (event) => {
    const step = steps[event.key];
    if (!step || event.target !== pane) return;
    event.preventDefault();
    event.stopPropagation();  // The same keys lead from sample to sample elsewhere on a page.
    const highest = data.cells.reduce((best, value, index) => (value > data.cells[best] ? index : best), 0);
    at = at ? [within(at[0] + step[0], rows), within(at[1] + step[1], columns)] : [Math.floor(highest / columns), highest % columns];
    reading.setAttribute("aria-live", "polite");
    read(...at);
  };
  pane.onblur = rest;
  rest();
  const figure = find("figure");
  if (data.below === null) return;
  return keepFitted(figure, () => {
    figure.style.setProperty("--most", `${Math.max(LEAST, Math.round(room(figure) - data.below))}px`);
  });

  function place(element, l, t, r, b) {
    Object.assign(element.style, { left: `${l * 100}%`, top: `${t * 100}%`, width: `${(r - l) * 100}%`, height: `${(b - t) * 100}%` });
  }
}
