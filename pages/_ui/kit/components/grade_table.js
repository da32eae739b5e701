// Methods by layers, a button for each pair that was tested: a click, Enter or Space picks it; arrows move.
export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".grid"), reading = parentElement.querySelector(".reading");
  grid.setAttribute("aria-label", data.label);
  grid.style.setProperty("--columns", data.columns.length);
  grid.style.setProperty("--height", `${Math.max(24, Math.min(38, 420 / data.rows.length))}px`);
  const focused = parentElement.getRootNode().activeElement?.dataset.at;
  const buttons = new Map();

  const head = (className, role, { label, detail }) => {
    const made = Object.assign(document.createElement("span"), { className: `head ${className}`, textContent: label });
    made.setAttribute("role", role);
    if (detail) made.append(" ", Object.assign(document.createElement("small"), { textContent: detail }));
    return made;
  };
  const cell = (row, column, of) => {
    if (!of) {
      const none = Object.assign(document.createElement("span"), { className: "none" });
      none.setAttribute("role", "gridcell");
      none.setAttribute("aria-label", `${data.rows[row].label} at ${data.columns[column].label}: not tested`);
      return none;
    }
    const button = document.createElement("button");
    button.type = "button";
    button.className = `${of.kind}${of.best ? " best" : ""}`;
    button.append(Object.assign(document.createElement("span"), { className: "number", textContent: of.text }));
    button.style.setProperty("--mix", `${of.mix}%`);
    button.tabIndex = -1;
    button.dataset.at = `${row} ${column}`;
    button.setAttribute("role", "gridcell");
    button.setAttribute("aria-label", of.meaning);
    button.setAttribute("aria-selected", String(row === data.selected[0] && column === data.selected[1]));
    buttons.set(button.dataset.at, button);
    return button;
  };
  const line = (...cells) => {
    const made = Object.assign(document.createElement("div"), { className: "line" });
    made.setAttribute("role", "row");
    made.append(...cells);
    return made;
  };
  const corner = Object.assign(document.createElement("span"), { className: "head" });
  corner.setAttribute("role", "columnheader");
  corner.setAttribute("aria-label", "Method");
  grid.replaceChildren(
    line(corner, ...data.columns.map((each) => head("column", "columnheader", each))),
    ...data.rows.map((each, row) => line(head("row", "rowheader", each), ...data.cells[row].map((of, column) => cell(row, column, of)))),
  );
  const first = buttons.get(focused) ?? buttons.get(data.selected.join(" ")) ?? buttons.values().next().value;
  if (first) first.tabIndex = 0;
  if (focused !== undefined) first?.focus({ preventScroll: true });

  const at = (event) => event.target.closest?.("[data-at]");
  const say = (event) => { const button = at(event); if (button) reading.textContent = button.getAttribute("aria-label"); };
  const rest = () => { reading.textContent = data.hint; };
  grid.onpointerover = say;
  hearFocus(grid, say);
  grid.onpointerleave = rest;
  grid.onclick = (event) => { const button = at(event); if (button) setTriggerValue("picked", button.dataset.at.split(" ").map(Number)); };
  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  grid.onkeydown = (event) => {
    const step = steps[event.key], button = at(event);
    if (!step || !button) return;
    event.preventDefault();
    let [row, column] = button.dataset.at.split(" ").map(Number), next;
    // Over pairs that were not tested.
    do {
      row += step[0];
      column += step[1];
      next = buttons.get(`${row} ${column}`);
    } while (!next && row >= 0 && column >= 0 && row < data.rows.length && column < data.columns.length);
    if (!next) return;
    button.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };
  rest();
}
