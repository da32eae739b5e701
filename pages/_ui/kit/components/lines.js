// A list of lines with bars. A click, Enter or Space picks one.
export default function ({ data, parentElement, setTriggerValue }) {
  const lines = parentElement.querySelector(".lines");
  parentElement.querySelector(".title").textContent = data.label;
  lines.setAttribute("aria-label", data.label);
  lines.style.setProperty("--most", data.most);
  const top = Math.max(1, ...data.items.map((item) => Math.abs(item.count)));
  const focused = parentElement.getRootNode().activeElement?.dataset.id;
  lines.replaceChildren(...data.items.map((item) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.id = item.id;
    const written = item.written || item.count.toLocaleString("en");
    button.title = `${item.text}: ${written}`;
    button.classList.toggle("good", item.good);
    button.setAttribute("aria-pressed", String(item.selected));
    button.style.setProperty("--share", `${((100 * Math.abs(item.count)) / top).toFixed(1)}%`);
    const text = Object.assign(document.createElement("span"), { className: "text", textContent: item.text });
    const number = Object.assign(document.createElement("span"), { className: "number", textContent: written });
    button.append(text, " ", number);
    button.onclick = () => setTriggerValue("picked", item.id);
    return button;
  }));
  // What has the focus keeps it, though its button is a new one.
  if (focused !== undefined) [...lines.children].find((button) => button.dataset.id === focused)?.focus({ preventScroll: true });
}
