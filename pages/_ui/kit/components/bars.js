// The likeliest classes as bars. Where they are buttons, a click explains that class.
export default function ({ data, parentElement, setTriggerValue }) {
  const bars = parentElement.querySelector(".bars");
  parentElement.querySelector(".heading").lastElementChild.textContent = data.items.some((item) => item.logit) ? "logit" : "";
  const focused = parentElement.getRootNode().activeElement?.dataset.id;
  bars.replaceChildren(...data.items.map((item) => {
    const button = document.createElement(data.is_still ? "div" : "button");
    button.className = item.against ? "bar against" : item.selected ? "bar selected" : "bar";
    button.innerHTML = '<span class="name"></span> <span class="number"></span> <span class="number logit"></span> <span class="track"><span class="fill"></span></span>';
    button.children[0].textContent = item.name;
    button.children[1].textContent = item.probability;
    button.children[2].textContent = item.logit;
    button.querySelector(".fill").style.width = item.width;
    if (data.is_still) return button;
    button.type = "button";
    button.dataset.id = item.name;
    button.setAttribute("aria-pressed", String(item.selected));
    button.title = `Explain “${item.name}”`;
    button.onclick = () => setTriggerValue("picked", item.name);
    return button;
  }));
  // What has the focus keeps it, though its button is a new one.
  if (focused !== undefined) [...bars.children].find((button) => button.dataset.id === focused)?.focus({ preventScroll: true });
}
