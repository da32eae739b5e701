// Pictures to choose from. A click, Enter or Space picks one.
export default function ({ data, parentElement, setTriggerValue }) {
  const tiles = parentElement.querySelector(".tiles");
  tiles.style.setProperty("--side", `${data.side}px`);
  tiles.style.setProperty("--columns", Math.min(data.items.length, 12));
  tiles.setAttribute("aria-label", data.label);
  const focused = parentElement.getRootNode().activeElement?.dataset.id;
  tiles.replaceChildren(...data.items.map((item) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.id = item.id;
    button.title = [item.caption, ...item.detail.split("\n"), item.note].filter(Boolean).join(" · ");
    button.setAttribute("aria-pressed", String(item.selected));
    const picture = Object.assign(document.createElement("img"), { className: "picture", src: item.picture, alt: "" });
    const caption = Object.assign(document.createElement("span"), { className: "caption", textContent: item.caption });
    const details = [...item.detail.split("\n"), item.note].map((text) => Object.assign(document.createElement("span"), { className: "detail", textContent: text }));
    // Spaces part the words for a screen reader: the button's name is what it shows.
    button.append(picture, ...[caption, ...details].flatMap((line) => [line, " "]));
    button.onclick = () => setTriggerValue("picked", item.id);
    return button;
  }));
  // What has the focus keeps it, though its button is a new one.
  if (focused !== undefined) [...tiles.children].find((button) => button.dataset.id === focused)?.focus({ preventScroll: true });
}
