// Shares from 0 to 1, one a layer, as a line with dots. A click, Enter or Space picks a layer; arrows move.
export default function ({ data, parentElement, setTriggerValue }) {
  const find = (name) => parentElement.querySelector(`.${name}`);
  const plot = find("plot"), root = parentElement.getRootNode(), focused = root.activeElement?.dataset?.id;
  const { points } = data, last = Math.max(1, points.length - 1);
  const left = (place) => (100 * place) / last, top = (share) => 100 * (1 - share);
  const make = (tag, text, style) => {
    const element = Object.assign(document.createElement(tag), { textContent: text });
    Object.assign(element.style, style);
    return element;
  };
  const levels = [0, 0.25, 0.5, 0.75, 1];
  plot.setAttribute("aria-label", data.label);
  find("ticks").replaceChildren(...levels.map((level) => make("span", `${100 * level}%`, { top: `${top(level)}%` })));
  find("ends").replaceChildren(make("span", points[0].id), make("span", points.at(-1).id));

  const chosen = points.find((point) => point.selected);
  const read = (point) => { find("reading").textContent = point ? point.meaning : "Hover over a layer to read its values; click to open it."; };
  const line = new DOMParser().parseFromString(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" preserveAspectRatio="none"><polyline points="${points.map((point, place) => `${left(place)},${top(point.share)}`).join(" ")}"/></svg>`,
    "image/svg+xml",
  ).documentElement;
  const dots = points.map((point, place) => {
    const button = make("button", "", { left: `${left(place)}%`, top: `${top(point.share)}%` });
    button.type = "button";
    button.dataset.id = point.id;
    button.setAttribute("aria-label", point.meaning);
    button.setAttribute("aria-pressed", String(point.selected));
    button.tabIndex = point === (chosen || points[0]) ? 0 : -1;
    button.onclick = () => setTriggerValue("picked", point.id);
    button.onpointerenter = button.onfocus = () => read(point);
    button.onpointerleave = button.onblur = () => read(chosen);
    button.onkeydown = (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step) (event.preventDefault(), dots[place + step]?.focus());
    };
    return button;
  });
  const rules = levels.map((level) => Object.assign(make("div", "", { top: `${top(level)}%` }), { className: "rule" }));
  plot.replaceChildren(...rules, line, ...dots);
  read(chosen);
  if (focused) dots.find((dot) => dot.dataset.id === focused)?.focus({ preventScroll: true });
}
