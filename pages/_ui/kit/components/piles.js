// Four piles in a square, to click: rows say whether the first is right, columns whether the second is.
export default function ({ data, parentElement, setTriggerValue }) {
  const frame = parentElement.querySelector(".frame");
  frame.setAttribute("aria-label", data.label);
  const head = (name, word, kind) => {
    const made = document.createElement("div"), strong = Object.assign(document.createElement("b"), { textContent: name, title: name });
    made.className = `head ${kind}`;
    made.append(strong, word);
    return made;
  };
  const tile = (pile) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = pile.tone;
    button.dataset.pile = pile.id;
    button.setAttribute("aria-pressed", String(pile.selected));
    for (const part of ["count", "name", "meaning"]) {
      // Spaces part the words for a screen reader: the button's name is what it shows.
      button.append(Object.assign(document.createElement("span"), { className: part, textContent: pile[part] }), " ");
    }
    button.onclick = () => setTriggerValue("picked", pile.id);
    return button;
  };
  const focused = parentElement.getRootNode().activeElement?.dataset.pile;
  const [rightRow, wrongRow] = [data.piles.slice(0, 2), data.piles.slice(2)];
  frame.replaceChildren(
    document.createElement("span"), head(data.second, "right", "column"), head(data.second, "wrong", "column"),
    head(data.first, "right", "row"), ...rightRow.map(tile),
    head(data.first, "wrong", "row"), ...wrongRow.map(tile),
  );
  // What has the focus keeps it, though its button is a new one.
  if (focused) frame.querySelector(`[data-pile="${focused}"]`)?.focus({ preventScroll: true });
}
