// A confusion matrix of buttons: a click, Enter or Space picks a cell, a row or a column; arrows move.
const LEAST = 8, BELOW = 60;  // Pixels of a cell, and of the line that is read below the matrix.
const OTHERWISE = 0.45;  // The share of the window for a matrix further down the page.

export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".grid"), reading = parentElement.querySelector(".reading");
  const n = data.names.length;
  grid.style.setProperty("--n", n);
  const dense = n > (data.half ? 10 : 16);
  grid.classList.toggle("dense", dense);
  const longest = Math.max(...data.labels.map((label) => label.length));
  const frame = parentElement.querySelector(".frame");
  frame.style.setProperty("--label", `${Math.min(data.half ? 7 : 9.5, (dense ? 0.36 : 0.46) * longest + 1)}rem`);
  grid.setAttribute("aria-label", data.label);

  const buttons = new Map();
  const add = (row, column, classes, text, meaning) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = classes;
    button.textContent = text;
    button.tabIndex = -1;
    button.dataset.at = `${row} ${column}`;
    button.setAttribute("role", row < 0 ? "columnheader" : column < 0 ? "rowheader" : "gridcell");
    button.setAttribute("aria-label", meaning);
    button.setAttribute("aria-selected", String(row === data.selected[0] && column === data.selected[1]));
    buttons.set(button.dataset.at, button);
    return button;
  };
  const share = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(part * 100 >= whole ? 0 : 1)}%` : "none");
  const say = (row, column) => {
    if (row < 0) return `Predicted ${data.names[column]}: ${data.predicted[column].toLocaleString("en")} ${data.noun}`;
    if (column < 0) return `True ${data.names[row]}: ${data.support[row].toLocaleString("en")} ${data.noun}`;
    const count = data.counts[row][column], place = `True ${data.names[row]}, predicted ${data.names[column]}: `;
    if (data.before) {
      const before = data.before[row][column];
      return place + (count ? `${before.toLocaleString("en")} → ${(before + count).toLocaleString("en")}` : `${before.toLocaleString("en")}, as before`);
    }
    return `${place}${count.toLocaleString("en")}, `
      + `${share(count, data.support[row])} of true ${data.names[row]}`;
  };

  const line = (...cells) => {
    const made = document.createElement("div");
    made.className = "line";
    made.setAttribute("role", "row");
    made.append(...cells);
    return made;
  };
  const cell = (row, column) => {
    const hidden = row === column && data.hide_diagonal, count = data.counts[row][column];
    const kind = hidden || !count ? "none" : data.good[row][column] ? "right" : "wrong";
    // Its name has what it shows: the share or the change, where those are shown.
    const text = hidden ? "" : data.text[row][column], meaning = say(row, column);
    const made = add(row, column, `cell ${kind}`, text, meaning.includes(text) ? meaning : `${meaning} (${text})`);
    made.style.setProperty("--mix", `${Math.round(10 + 90 * data.shade[row][column])}%`);
    return made;
  };
  const all = [...Array(n).keys()], corner = document.createElement("span");
  corner.setAttribute("role", "columnheader");
  corner.setAttribute("aria-label", "True class");
  // What has the focus keeps it, though its button is a new one.
  const focused = parentElement.getRootNode().activeElement?.dataset.at;
  grid.replaceChildren(
    line(corner, ...all.map((column) => add(-1, column, "label column", data.labels[column], say(-1, column)))),
    ...all.map((row) => line(add(row, -1, "label row", data.labels[row], say(row, -1)), ...all.map((column) => cell(row, column)))),
  );
  const first = buttons.get(focused) ?? buttons.get(data.selected.join(" ")) ?? buttons.get("0 0");
  if (first) first.tabIndex = 0;
  if (focused !== undefined) first?.focus({ preventScroll: true });

  const at = (event) => event.target.closest?.("[data-at]")?.dataset.at.split(" ").map(Number);
  const rest = () => { reading.textContent = data.hint; };
  grid.onpointerover = (event) => { const place = at(event); if (place) reading.textContent = say(...place); };
  grid.onpointerleave = rest;
  hearFocus(grid, (event) => { const place = at(event); if (place) reading.textContent = say(...place); });
  grid.onclick = (event) => { const place = at(event); if (place) setTriggerValue("picked", place); };
  const targets = {
    ArrowUp: ([row, column]) => [row - 1, column], ArrowDown: ([row, column]) => [row + 1, column],
    ArrowLeft: ([row, column]) => [row, column - 1], ArrowRight: ([row, column]) => [row, column + 1],
    Home: ([row]) => [row, row < 0 ? 0 : -1], End: ([row]) => [row, n - 1],
  };
  grid.onkeydown = (event) => {
    const place = at(event), target = targets[event.key];
    if (!place || !target) return;
    const next = buttons.get(target(place).join(" "));
    event.preventDefault();
    event.stopPropagation();  // The same keys lead from sample to sample elsewhere on the page.
    if (!next) return;
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };
  rest();
  if (n <= 4) {
    grid.style.setProperty("--cell", "5.5rem");
    return;
  }

  // On a wide screen the height limits the cells: the matrix is seen whole.
  return keepFitted(frame, () => {
    const around = frame.offsetHeight - n * buttons.get("0 0").offsetHeight;
    const height = Math.max(room(frame) - BELOW, OTHERWISE * window.innerHeight);
    grid.style.setProperty("--cell", `min(3.1rem, max(${LEAST}px, ${(height - around) / n}px))`);
  });
}
