// Pictures in a box that scrolls. One is in the tab order; arrows, Home and End walk, Enter or a click opens.
const LEAST = 170, OTHERWISE = 0.4;  // Pixels of a row of pictures, and a share of the window.

export default function ({ data, parentElement, setTriggerValue }) {
  const box = parentElement.querySelector(".box"), root = parentElement.getRootNode();
  const focused = root.activeElement?.dataset.id, last = box.dataset.open;
  box.style.setProperty("--side", `${data.side}px`);
  box.setAttribute("aria-label", data.label);

  const tiles = data.items.map((item) => tileButton(item, (id) => {
    for (const each of tiles) each.setAttribute("aria-pressed", String(each.dataset.id === id));
    setTriggerValue("picked", id);
  }));
  box.replaceChildren(...tiles);
  const of = (id) => tiles.find((tile) => id !== undefined && tile.dataset.id === id);
  const open = tiles[data.items.findIndex((item) => item.selected)];
  box.dataset.open = open?.dataset.id ?? "";

  const enter = (tile) => {
    for (const each of tiles) each.tabIndex = each === tile ? 0 : -1;
  };
  const show = (tile) => {
    const [above, below] = [tile.offsetTop - box.offsetTop, tile.offsetTop - box.offsetTop + tile.offsetHeight];
    if (above < box.scrollTop) box.scrollTop = above - 8;
    else if (below > box.scrollTop + box.clientHeight) box.scrollTop = below - box.clientHeight + 8;
  };
  enter(of(focused) ?? open ?? of(last) ?? tiles[0]);
  // What has the focus keeps it; when a sample is closed, its picture gets it back.
  if (focused !== undefined) (of(focused) ?? tiles[0])?.focus({ preventScroll: true });
  if (open) box.closed = undefined;
  else if (last) box.closed = { id: last, holder: focusHolder() };
  returnFocus(box);

  // As high as the window leaves room for; where that is too little, the page scrolls to a box of its own.
  const end = keepFitted(box, () => {
    const left = room(box) - data.below;
    box.style.maxHeight = `${Math.round(left >= LEAST ? left : OTHERWISE * window.innerHeight)}px`;
    if (open) show(open);
  });

  hearFocus(box, (event) => { const tile = of(event.target.dataset.id); if (tile) enter(tile); });
  box.onkeydown = (event) => {
    const from = tiles.indexOf(of(event.target.dataset.id));
    const columns = tiles.filter((tile) => tile.offsetTop === tiles[0].offsetTop).length;
    const steps = { ArrowLeft: from - 1, ArrowRight: from + 1, ArrowUp: from - columns, ArrowDown: from + columns, Home: 0, End: tiles.length - 1 };
    if (from < 0 || !(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();  // The same keys lead from sample to sample elsewhere on the page.
    const next = tiles[steps[event.key]];
    next?.focus({ preventScroll: true });
    if (next) show(next);
  };
  return () => {
    end();
    box.returning?.disconnect();
  };
}

// What has the focus, also inside of a component.
function focusHolder() {
  let holder = document.activeElement;
  while (holder?.shadowRoot?.activeElement) holder = holder.shadowRoot.activeElement;
  return holder;
}

// The view of a closed sample may still hold the focus and be removed later: the focus returns when it is, unless
// it has moved elsewhere by then.
function returnFocus(box) {
  box.returning?.disconnect();
  const settle = () => {
    const { id, holder } = box.closed, now = focusHolder();
    if (now === holder && now !== document.body) return;
    if (now === document.body) [...box.children].find((tile) => tile.dataset.id === id)?.focus({ preventScroll: true });
    box.closed = undefined;
    box.returning.disconnect();
  };
  if (!box.closed) return;
  box.returning = new MutationObserver(settle);
  box.returning.observe(document.body, { childList: true, subtree: true });
  settle();
}
