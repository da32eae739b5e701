// A picture to click with its lines of text; `pick` gets its id.
function tileButton(item, pick) {
  const button = document.createElement("button"), lines = item.detail.split("\n");
  button.type = "button";
  button.dataset.id = item.id;
  button.title = [item.caption, ...lines, item.note].filter(Boolean).join(" · ");
  button.setAttribute("aria-pressed", String(item.selected));
  const text = (className, textContent) => Object.assign(document.createElement("span"), { className, textContent });
  const shown = [text("caption", item.caption), ...[...lines, item.note].map((line) => text("detail", line))];
  const picture = Object.assign(document.createElement("img"), { className: "picture", src: item.picture, alt: "" });
  // Spaces part the words for a screen reader: the button's name is what it shows.
  button.append(picture, ...shown.flatMap((line) => [line, " "]));
  button.onclick = () => pick(item.id);
  return button;
}
