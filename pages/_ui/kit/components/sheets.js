// Channels as tiles of pictures, in one sheet or in a row for each layer. A click, Enter or Space picks; arrows move.
export default function ({ data, parentElement, setTriggerValue }) {
  const sheets = parentElement.querySelector(".sheets"), reading = parentElement.querySelector(".reading");
  const root = parentElement.getRootNode(), focused = root.activeElement?.dataset?.at;
  const buttons = [], by_place = new Map();

  const add = (button, classes, sheet, channel, meaning) => {
    button.type = "button";
    button.className = classes;
    button.tabIndex = -1;
    button.dataset.at = `${sheet.id} ${channel ?? ""}`;
    button.dataset.meaning = meaning;
    button.setAttribute("aria-label", meaning);
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
  const text = (tag, classes, content) => Object.assign(document.createElement(tag), { className: classes, textContent: content });

  const tile = (sheet, cell) => {
    const [width, height] = sheet.size, [tile_width, tile_height] = sheet.tile, [x, y] = cell.corner;
    const share = (place, whole, part) => (whole > part ? (100 * place) / (whole - part) : 0);
    const button = add(document.createElement("button"), "cell", sheet, cell.channel, cell.meaning);
    button.setAttribute("aria-pressed", String(cell.selected));
    const picture = text("span", "picture", "");
    button.dataset.missing = String(cell.missing);
    picture.style.aspectRatio = `${tile_width} / ${tile_height}`;
    picture.style.backgroundImage = `url(${sheet.picture})`;
    picture.style.backgroundSize = `${(100 * width) / tile_width}% ${(100 * height) / tile_height}%`;
    picture.style.backgroundPosition = `${share(x, width, tile_width)}% ${share(y, height, tile_height)}%`;
    const caption = text("span", "caption", "");
    caption.append(text("span", "", cell.channel), text("span", "number", cell.number));
    button.append(picture, caption);
    return button;
  };
  const tiles = (sheet) => {
    const board = text("div", "sheet", "");
    board.setAttribute("role", "group");
    board.setAttribute("aria-label", sheet.label);
    board.style.setProperty("--columns", sheet.columns);
    board.append(...sheet.cells.map((cell) => tile(sheet, cell)));
    return board;
  };
  const row = (sheet) => {
    const whole = text("div", "row", "");
    whole.dataset.selected = String(sheet.selected);
    const head = add(document.createElement("button"), "head", sheet, null, `${sheet.label}: ${sheet.lines.join(", ")}`);
    head.setAttribute("aria-pressed", String(sheet.selected));
    head.append(text("span", "title", sheet.label), ...sheet.lines.map((line) => text("span", "line", line)));
    whole.append(head, tiles(sheet));
    return whole;
  };
  sheets.replaceChildren(...data.sheets.map((sheet) => (sheet.lines.length ? row(sheet) : tiles(sheet))));

  const start = by_place.get(focused) ?? buttons.find((each) => each.getAttribute("aria-pressed") === "true") ?? buttons[0];
  if (start) start.tabIndex = 0;
  if (start && start === by_place.get(focused)) start.focus({ preventScroll: true });

  const say = (event) => {
    const meaning = event.target.closest?.("[data-at]")?.dataset.meaning;
    if (meaning) reading.textContent = meaning;
  };
  sheets.onpointerover = say;
  sheets.onfocusin = say;
  sheets.onpointerleave = () => { reading.textContent = data.hint; };
  reading.textContent = data.hint;

  // To the next one in that direction, by where they are drawn: rows differ in length.
  const centre = (element) => {
    const box = element.getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2];
  };
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  sheets.onkeydown = (event) => {
    const here = event.target.closest?.("[data-at]"), move = moves[event.key];
    if (!here || !move) return;
    event.preventDefault();
    const [x, y] = centre(here);
    let next = null, least = Infinity;
    for (const each of buttons) {
      const [to_x, to_y] = centre(each), along = (to_x - x) * move[0] + (to_y - y) * move[1];
      const aside = Math.abs((to_x - x) * move[1]) + Math.abs((to_y - y) * move[0]);
      if (along > 4 && along + 3 * aside < least) { next = each; least = along + 3 * aside; }
    }
    if (!next) return;
    here.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };
}
