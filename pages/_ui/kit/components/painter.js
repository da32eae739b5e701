// A photo to draw on: a rectangle, a stroke of a brush, or a point. The line's points are shares of the photo.
const STEP = 0.02, MOST_POINTS = 400, LEAST = 240, BELOW = 260;

export default function ({ data, parentElement, setTriggerValue }) {
  const find = (selector) => parentElement.querySelector(selector);
  const pane = find(".pane"), base = find(".base"), over = find(".over"), hint = find(".hint");
  let line = null, cursor = null;

  pane.style.aspectRatio = data.ratio;
  base.src = data.photo;
  base.alt = data.alt;
  hint.textContent = data.hint;
  over.setAttribute("aria-label", data.label);

  const paint = () => {
    const width = over.clientWidth, height = over.clientHeight, scale = window.devicePixelRatio || 1;
    over.width = width * scale;
    over.height = height * scale;
    const context = over.getContext("2d");
    context.scale(scale, scale);
    const shown = line ?? [];
    if (shown.length && data.tool === "rectangle") {
      const [[x, y], [u, v]] = [shown[0], shown.at(-1)];
      for (const [colour, wide] of [["#000", 3], ["#fff", 1.5]]) {
        context.strokeStyle = colour;
        context.lineWidth = wide;
        context.strokeRect(x * width, y * height, (u - x) * width, (v - y) * height);
      }
    } else if (shown.length && data.tool === "brush") {
      context.strokeStyle = "rgb(255 255 255 / 0.6)";
      context.lineWidth = 2 * data.radius * Math.min(width, height);
      context.lineCap = context.lineJoin = "round";
      context.beginPath();
      shown.forEach(([x, y]) => context.lineTo(x * width, y * height));
      context.lineTo(shown.at(-1)[0] * width + 0.01, shown.at(-1)[1] * height);
      context.stroke();
    }
    if (cursor) {
      for (const [colour, wide] of [["#000", 4], ["#fff", 2]]) {
        context.strokeStyle = colour;
        context.lineWidth = wide;
        context.beginPath();
        context.arc(cursor[0] * width, cursor[1] * height, 8, 0, 7);
        context.stroke();
      }
    }
  };
  const at = (event) => {
    const box = over.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  const send = () => {
    const step = Math.ceil(line.length / MOST_POINTS), last = line.at(-1);
    setTriggerValue("outline", [...line.slice(0, -1).filter((_, i) => i % step === 0), last]);
    line = null;
    paint();
  };

  over.onpointerdown = (event) => { over.setPointerCapture(event.pointerId); cursor = null; line = [at(event)]; paint(); };
  over.onpointermove = (event) => { if (line && event.buttons) { line.push(at(event)); paint(); } };
  over.onpointercancel = () => { line = null; paint(); };
  over.onpointerup = () => { if (line) send(); };

  // Arrow keys move a cursor. Enter is a click; of a rectangle, the first one marks a corner.
  const steps = { ArrowUp: [0, -STEP], ArrowDown: [0, STEP], ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0] };
  const within = (value) => Math.min(Math.max(value, 0), 1);
  over.onkeydown = (event) => {
    const step = steps[event.key], isEnter = event.key === "Enter" || event.key === " ";
    if (!step && !isEnter) return;
    event.preventDefault();
    event.stopPropagation();  // The same keys lead from photo to photo elsewhere on a page.
    cursor ??= [0.5, 0.5];
    if (step) cursor = [within(cursor[0] + step[0]), within(cursor[1] + step[1])];
    if (step && line) line.push(cursor);
    else if (isEnter && (line || data.tool !== "rectangle")) { line = [...(line ?? []), cursor]; send(); }
    else if (isEnter) line = [cursor];
    paint();
  };
  over.onblur = () => { cursor = null; paint(); };

  return keepFitted(pane, () => {
    const most = Math.max(LEAST, Math.round(room(pane) - BELOW));
    pane.style.maxWidth = `calc(${most}px * ${data.ratio})`;
    paint();
  });
}
