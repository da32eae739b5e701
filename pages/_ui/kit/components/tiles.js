// Pictures to choose from. A click, Enter or Space picks one.
export default function ({ data, parentElement, setTriggerValue }) {
  const tiles = parentElement.querySelector(".tiles");
  tiles.style.setProperty("--side", `${data.side}px`);
  tiles.style.setProperty("--columns", Math.min(data.items.length, 12));
  tiles.setAttribute("aria-label", data.label);
  const focused = parentElement.getRootNode().activeElement?.dataset.id;
  tiles.replaceChildren(...data.items.map((item) => tileButton(item, (id) => setTriggerValue("picked", id))));
  // What has the focus keeps it, though its button is a new one.
  if (focused !== undefined) [...tiles.children].find((button) => button.dataset.id === focused)?.focus({ preventScroll: true });
}
