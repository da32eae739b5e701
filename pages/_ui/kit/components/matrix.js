// A confusion matrix of buttons: a click, Enter or Space picks a cell, a row or a column; arrows move.
export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".grid"), reading = parentElement.querySelector(".reading");
  const n = data.names.length;
  grid.style.setProperty("--n", n);
  const dense = n > (data.half ? 10 : 16);
  grid.classList.toggle("dense", dense);
  const longest = Math.max(...data.labels.map((label) => label.length));
  grid.style.setProperty("--cell", n <= 4 ? "5.5rem" : "3.1rem");
  parentElement.querySelector(".frame").style.setProperty("--label", `${Math.min(data.half ? 7 : 9.5, (dense ? 0.36 : 0.46) * longest + 1)}rem`);
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
  const share = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(part * 100 >= whole ? 0 : 1)} %` : "none");
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

  const items = [document.createElement("span")];
  for (let column = 0; column < n; column++) items.push(add(-1, column, "label column", data.labels[column], say(-1, column)));
  for (let row = 0; row < n; row++) {
    items.push(add(row, -1, "label row", data.labels[row], say(row, -1)));
    for (let column = 0; column < n; column++) {
      const hidden = row === column && data.hide_diagonal, count = data.counts[row][column];
      const kind = hidden || !count ? "none" : data.good[row][column] ? "right" : "wrong";
      const shade = data.shade[row][column];
      const cell = add(row, column, `cell ${kind}${kind !== "none" && shade > 0.62 ? " strong" : ""}`, hidden ? "" : data.text[row][column], say(row, column));
      cell.style.setProperty("--mix", `${Math.round(10 + 90 * shade)}%`);
      items.push(cell);
    }
  }
  grid.replaceChildren(...items);
  const first = buttons.get(data.selected.join(" ")) ?? buttons.get("0 0");
  if (first) first.tabIndex = 0;

  const at = (event) => event.target.closest?.("[data-at]")?.dataset.at.split(" ").map(Number);
  const rest = () => { reading.textContent = data.hint; };
  grid.onpointerover = (event) => { const place = at(event); if (place) reading.textContent = say(...place); };
  grid.onpointerleave = rest;
  grid.onfocusin = (event) => { const place = at(event); if (place) reading.textContent = say(...place); };
  grid.onclick = (event) => { const place = at(event); if (place) setTriggerValue("picked", place); };
  const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  grid.onkeydown = (event) => {
    const place = at(event), move = moves[event.key];
    if (!place || !move) return;
    const next = buttons.get(`${place[0] + move[0]} ${place[1] + move[1]}`);
    event.preventDefault();
    if (!next) return;
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };
  rest();
}
