// What turns or shimmers without an end stands still: the browser would draw each frame without a graphics card.
{
  const still = new CSSStyleSheet();
  still.replaceSync(
    "*, *::before, *::after { animation-duration: 0s !important; animation-iteration-count: 1 !important }",
  );
  document.adoptedStyleSheets = [still];
}
