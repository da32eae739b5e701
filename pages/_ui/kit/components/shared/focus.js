// Calls `enter` whenever something inside the element gets the focus, and `leave` when it loses it. Elements have no
// property `onfocusin`; a listener of an earlier call is removed.
function hearFocus(element, enter, leave) {
  element.focusHeard?.abort();
  element.focusHeard = new AbortController();
  const { signal } = element.focusHeard;
  element.addEventListener("focusin", enter, { signal });
  if (leave) element.addEventListener("focusout", leave, { signal });
}
