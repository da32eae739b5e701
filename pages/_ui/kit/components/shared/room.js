// The pixels from the top of an element to the lower edge of the window, where the page is at its top.
function room(element) {
  const scrolled = document.querySelector('[data-testid="stMain"]')?.scrollTop ?? 0;
  return window.innerHeight - element.getBoundingClientRect().top - scrolled;
}

// Calls `fit` now, and whenever the window or the page changes its size; gives a function that ends this.
function keepFitted(element, fit) {
  element.watch?.disconnect();
  element.watch = new ResizeObserver(fit);
  for (const each of [document.documentElement, document.querySelector('[data-testid="stMainBlockContainer"]')]) {
    if (each) element.watch.observe(each);
  }
  fit();
  return () => element.watch.disconnect();
}
