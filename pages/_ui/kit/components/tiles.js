// Pictures to choose from. A click, Enter or Space picks one.
export default function ({ data, parentElement, setTriggerValue }) {
  const tiles = parentElement.querySelector(".tiles");
  tiles.style.setProperty("--side", `${data.side}px`);
  tiles.style.setProperty("--columns", Math.min(data.items.length, 12));
  tiles.classList.toggle("whole", data.layout === "grid");
  tiles.setAttribute("aria-label", data.label);
  tiles.replaceChildren(...data.items.map((item) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = [item.caption, ...item.detail.split("\n"), item.note].filter(Boolean).join(" · ");
    button.setAttribute("aria-label", button.title);
    button.setAttribute("aria-pressed", String(item.selected));
    const picture = Object.assign(document.createElement("img"), { className: "picture", src: item.picture, alt: "" });
    const caption = Object.assign(document.createElement("span"), { className: "caption", textContent: item.caption });
    const details = [...item.detail.split("\n"), item.note].map((text) => Object.assign(document.createElement("span"), { className: "detail", textContent: text }));
    button.append(picture, caption, ...details);
    button.onclick = () => setTriggerValue("picked", item.id);
    return button;
  }));
}
