// Channels as tiles of pictures: one sheet of many, or the stages of a network beside each other.
// A click, Enter or Space picks; arrows move.
export default function ({ data, parentElement, setTriggerValue }) {
  const find = (name) => parentElement.querySelector(`.${name}`);
  const sheets = find("sheets"), reading = find("reading");
  const root = parentElement.getRootNode(), focused = root.activeElement?.dataset?.at;
  const buttons = [], by_place = new Map();
  find("heading").textContent = data.title;
  sheets.setAttribute("aria-label", data.title);
  sheets.classList.toggle("stages", data.sheets.some((sheet) => sheet.lines.length));

  const text = (tag, classes, content) => Object.assign(document.createElement(tag), { className: classes, textContent: content });
  const add = (classes, sheet, channel, meaning, selected) => {
    const button = text("button", classes, "");
    button.type = "button";
    button.tabIndex = -1;
    button.dataset.at = `${sheet.id} ${channel ?? ""}`;
    button.dataset.meaning = meaning;
    button.setAttribute("aria-pressed", String(selected));
    button.onclick = () => {
      setTriggerValue("picked", [sheet.id, channel]);
      const shown = document.querySelector(data.shown_in), top = shown?.getBoundingClientRect().top;
      if (!shown || (top >= 0 && top < 0.7 * window.innerHeight)) return;
      shown.style.scrollMarginTop = "4.5rem"; // The page's toolbar lies over what it scrolls.
      shown.scrollIntoView({ behavior: "smooth", block: "start" });
    };
    buttons.push(button);
    by_place.set(button.dataset.at, button);
    return button;
  };

  const tile = (sheet, cell) => {
    const [width, height] = sheet.size, [tile_width, tile_height] = sheet.tile, [x, y] = cell.corner;
    const share = (place, whole, part) => (whole > part ? (100 * place) / (whole - part) : 0);
    const button = add("cell", sheet, cell.channel, cell.meaning, cell.selected);
    const picture = text("span", "picture", "");
    button.dataset.missing = String(cell.missing);
    picture.style.aspectRatio = `${tile_width} / ${tile_height}`;
    picture.style.backgroundImage = `url(${sheet.picture})`;
    picture.style.backgroundSize = `${(100 * width) / tile_width}% ${(100 * height) / tile_height}%`;
    picture.style.backgroundPosition = `${share(x, width, tile_width)}% ${share(y, height, tile_height)}%`;
    if (sheet.lines.length) {
      button.setAttribute("aria-label", cell.meaning);
      button.append(picture);
      return button;
    }
    const caption = text("span", "caption", "");
    caption.append(text("span", "", cell.channel), " ", text("span", "number", cell.number));
    button.setAttribute("aria-description", cell.meaning);
    button.append(picture, caption);
    return button;
  };
  const tiles = (sheet) => {
    const board = text("div", "sheet", "");
    board.style.setProperty("--columns", sheet.columns);
    board.append(...sheet.cells.map((cell) => tile(sheet, cell)));
    return board;
  };
  const stage = (sheet) => {
    const whole = text("div", "stage", "");
    whole.dataset.selected = String(sheet.selected);
    whole.setAttribute("role", "group");
    whole.setAttribute("aria-label", sheet.label);
    const head = add("head", sheet, null, `${sheet.label}: ${[...sheet.lines, ...sheet.facts].join(", ")}`, sheet.selected);
    head.setAttribute("aria-description", sheet.facts.join(", "));
    head.append(text("span", "title", sheet.label), ...sheet.lines.map((line) => text("span", "line", line)));
    whole.append(head, tiles(sheet));
    return whole;
  };
  sheets.replaceChildren(...data.sheets.map((sheet) => (sheet.lines.length ? stage(sheet) : tiles(sheet))));

  const chosen = buttons.filter((each) => each.getAttribute("aria-pressed") === "true");
  const start = by_place.get(focused) ?? chosen[0] ?? buttons[0];
  if (start) start.tabIndex = 0;
  if (start && start === by_place.get(focused)) start.focus({ preventScroll: true });

  const say = (event) => {
    const meaning = event.target.closest?.("[data-at]")?.dataset.meaning;
    if (meaning) reading.textContent = meaning;
  };
  const fall_back = () => { reading.textContent = data.hint; };
  sheets.onpointerover = say;
  sheets.onpointerleave = fall_back;
  hearFocus(sheets, say, fall_back);
  if (!by_place.has(focused)) fall_back();

  // What has just been chosen comes into view in the box that scrolls, but the page stays where it is.
  const selected = chosen.at(-1), box = root.host?.closest("[class*='_box']") ?? sheets;
  const reveal = () => {
    const state = `${selected?.dataset.at} ${box.clientHeight} ${box.clientWidth}`;
    if (!selected || sheets.dataset.revealed === state) return;
    sheets.dataset.revealed = state;
    const inner = selected.getBoundingClientRect(), outer = box.getBoundingClientRect();
    const top = box === sheets ? 0 : find("top").offsetHeight;
    if (inner.top < outer.top + top || inner.bottom > outer.bottom) box.scrollTop += inner.top - outer.top - top - 8;
    const stage = selected.closest(".stage")?.getBoundingClientRect();
    if (stage && (stage.left < outer.left || stage.right > outer.right)) sheets.scrollLeft += stage.left - outer.left;
  };
  sheets.watch?.disconnect();
  sheets.watch = new ResizeObserver(reveal); // The box has its size only when the page is laid out.
  sheets.watch.observe(box);

  // To the next one in that direction, by where they are drawn: rows differ in length.
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const distance = (from, to, [right, down]) => {
    const x = (to.left + to.right - from.left - from.right) / 2, y = (to.top + to.bottom - from.top - from.bottom) / 2;
    const along = x * right + y * down, aside = Math.abs(x * down) + Math.abs(y * right);
    const is_beside = !right || (to.top < from.bottom && from.top < to.bottom);
    return along > 4 && is_beside ? along + 3 * aside : Infinity;
  };
  sheets.onkeydown = (event) => {
    const here = event.target.closest?.("[data-at]"), move = moves[event.key];
    if (!here || !move) return;
    event.preventDefault();
    const from = here.getBoundingClientRect();
    const far = (each) => distance(from, each.getBoundingClientRect(), move);
    const next = buttons.reduce((nearest, each) => (far(each) < far(nearest) ? each : nearest), here);
    here.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };
}
