// Points in a plane: a line drawn around some gives its corners, a click gives the point that is nearest.
const MARGIN = 10, NEAR = 10, STILL = 4;  // Pixels: around the points, to a point, and of a click that moves.
const FEW = 5000, LEAST = 260, BELOW = 130, MOST_CORNERS = 400;
const FULL = 65535;

export default function ({ data, parentElement, setTriggerValue }) {
  const find = (name) => parentElement.querySelector(name);
  const frame = find(".frame"), dots = find(".dots"), over = find(".over"), reading = find(".reading");
  const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const places = new Uint16Array(bytes(data.points).buffer), colours = bytes(data.colours), n = colours.length;
  const labels = new Uint16Array(bytes(data.labels).buffer), predicted = new Uint16Array(bytes(data.predicted).buffer);
  const counts = data.counts ? new Uint32Array(bytes(data.counts).buffer) : null;  // Of cells.
  const most = counts ? counts.reduce((one, other) => Math.max(one, other), 1) : 1;
  over.setAttribute("aria-label", data.label);

  const inColour = data.palette.map(() => []);
  for (let i = 0; i < n; i++) inColour[colours[i]].push(i);

  const entry = (colour, text) => {
    const made = document.createElement("span"), mark = document.createElement("i");
    mark.style.background = colour;
    made.append(mark, text);
    return made;
  };
  const ramp = () => {
    const made = entry(`linear-gradient(90deg, ${data.palette.slice(0, -1).join(",")})`, data.high);
    made.firstChild.className = "ramp";
    made.prepend(data.low);
    return [made, ...(inColour.at(-1).length ? [entry(data.palette.at(-1), `unknown (${inColour.at(-1).length.toLocaleString("en")})`)] : [])];
  };
  find(".legend").replaceChildren(...(data.names.length
    ? data.names.map((name, i) => entry(data.palette[i], `${name} (${(data.sizes[i] ?? inColour[i].length).toLocaleString("en")})`))
    : ramp()));

  let width = 0, height = 0, drawn = null;
  const [left, right, low, high] = data.range;
  const across = (value, from, to, size) => MARGIN + (size - 2 * MARGIN) * (to > from ? (value - from) / (to - from) : 0.5);
  const back = (pixel, from, to, size) => from + ((to - from) * (pixel - MARGIN)) / (size - 2 * MARGIN);
  const x = (value) => across(value, left, right, width), y = (value) => height - across(value, low, high, height);
  const corner = (px, py) => [back(px, left, right, width), back(height - py, low, high, height)];

  const sized = (canvas) => {
    const scale = window.devicePixelRatio || 1, context = canvas.getContext("2d");
    canvas.width = width * scale;
    canvas.height = height * scale;
    context.scale(scale, scale);
    return context;
  };
  const drawCells = () => {
    const context = sized(dots), wide = (width - 2 * MARGIN) / (right - left || 1) / data.side;
    const tall = (height - 2 * MARGIN) / (high - low || 1) / data.side;
    inColour.forEach((rows, i) => {
      context.fillStyle = data.palette[i];
      for (const row of rows) {
        context.globalAlpha = 0.2 + (0.8 * Math.log1p(counts[row])) / Math.log1p(most);
        context.fillRect(x(places[2 * row] / FULL) - wide / 2, y(places[2 * row + 1] / FULL) - tall / 2, wide + 0.3, tall + 0.3);
      }
    });
  };
  const drawDots = () => {
    const context = sized(dots), few = n <= FEW, radius = Math.max(1, Math.min(4, 32 / n ** 0.3));
    context.globalAlpha = few ? 0.85 : 0.6;
    inColour.forEach((rows, i) => {
      context.fillStyle = data.palette[i];
      context.beginPath();
      for (const row of rows) {
        const px = x(places[2 * row] / FULL), py = y(places[2 * row + 1] / FULL);
        if (!few) context.fillRect(px - radius, py - radius, 2 * radius, 2 * radius);
        else { context.moveTo(px + radius, py); context.arc(px, py, radius, 0, 7); }
      }
      if (few) context.fill();
    });
  };
  const outline = (context, corners, isClosed) => {
    context.beginPath();
    corners.forEach(([px, py], i) => (i ? context.lineTo(px, py) : context.moveTo(px, py)));
    if (isClosed) context.closePath();
    context.strokeStyle = getComputedStyle(frame).color;
    context.lineWidth = 1.5;
    context.setLineDash([5, 4]);
    context.stroke();
    context.setLineDash([]);
  };
  const drawOver = (near) => {
    const context = sized(over);
    if (drawn) outline(context, drawn, false);
    else if (data.area) outline(context, data.area.map(([ax, ay]) => [x(ax), y(ay)]), true);
    if (near === undefined) return;
    context.beginPath();
    context.arc(x(places[2 * near] / FULL), y(places[2 * near + 1] / FULL), 7, 0, 7);
    context.strokeStyle = getComputedStyle(frame).color;
    context.lineWidth = 2;
    context.stroke();
  };

  const at = (event) => {
    const box = over.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const nearest = ([px, py]) => {
    let best = NEAR * NEAR, near;
    for (let i = 0; i < n; i++) {
      const dx = x(places[2 * i] / FULL) - px, dy = y(places[2 * i + 1] / FULL) - py, distance = dx * dx + dy * dy;
      if (distance < best) { best = distance; near = i; }
    }
    return near;
  };
  const say = (near) => {
    if (near === undefined) { reading.textContent = data.hint; return; }
    const many = counts?.[near] > 1 ? `${counts[near].toLocaleString("en")} samples, one of them: ` : "";
    const label = data.classes[labels[near]], name = data.classes[predicted[near]];
    reading.textContent = many + (label === name ? `${label}, right` : `${label}, predicted ${name}`);
  };
  const isClick = () => drawn.every(([px, py]) => Math.hypot(px - drawn[0][0], py - drawn[0][1]) < STILL);

  over.onpointerdown = (event) => { over.setPointerCapture(event.pointerId); drawn = [at(event)]; };
  over.onpointermove = (event) => {
    if (drawn) { drawn.push(at(event)); drawOver(); return; }
    const near = nearest(at(event));
    say(near);
    drawOver(near);
  };
  over.onpointerleave = () => { if (!drawn) { say(); drawOver(); } };
  over.onpointercancel = () => { drawn = null; drawOver(); };
  over.onpointerup = (event) => {
    if (!drawn) return;
    const near = isClick() ? nearest(at(event)) : undefined, step = Math.ceil(drawn.length / MOST_CORNERS);
    if (!isClick()) setTriggerValue("outline", drawn.filter((_, i) => i % step === 0).map((one) => corner(...one)));
    else if (near !== undefined) setTriggerValue("picked", near);
    drawn = isClick() ? null : drawn;
    drawOver();
    drawn = null;
  };
  say();

  return keepFitted(frame, () => {
    width = frame.clientWidth;
    height = Math.max(LEAST, Math.min(width, room(find(".plane")) - BELOW));
    dots.style.height = `${height}px`;
    counts ? drawCells() : drawDots();
    drawOver();
  });
}
