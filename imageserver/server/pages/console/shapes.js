// Areas drawn over a picture, in its own pixels: they are moved, changed, added and taken away, with pointer and keys.

const SVG = "http://www.w3.org/2000/svg";
const SMALLEST = 4;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function makeSvg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The points at which an area is grasped: of a rectangle its corners, of a circle one on its line. */
function handlesOf({ shape, points }) {
  const [x, y, width, height] = points;
  if (shape === "rect") return [[x, y], [x + width, y], [x + width, y + height], [x, y + height]];
  if (shape === "circle") return [[x + width, y]];
  return points.reduce((found, one, i) => (i % 2 ? found : [...found, [one, points[i + 1]]]), []);
}

/** Give an area with one of its handles elsewhere. */
function pulled({ shape, points }, number, [px, py]) {
  const [x, y, width, height] = points;
  if (shape === "circle") return [x, y, Math.max(1, Math.hypot(px - x, py - y))];
  if (shape === "poly") return points.map((one, i) => (i === number * 2 ? px : i === number * 2 + 1 ? py : one));
  const [left, top] = [number === 0 || number === 3 ? px : x, number < 2 ? py : y];
  const [right, bottom] = [number === 1 || number === 2 ? px : x + width, number > 1 ? py : y + height];
  return [Math.min(left, right), Math.min(top, bottom), Math.max(1, Math.abs(right - left)), Math.max(1, Math.abs(bottom - top))];
}

function moved({ shape, points }, dx, dy) {
  if (shape === "poly") return points.map((one, i) => one + (i % 2 ? dy : dx));
  return [points[0] + dx, points[1] + dy, ...points.slice(2)];
}

function grown({ shape, points }, dx, dy) {
  if (shape === "rect") return [points[0], points[1], Math.max(1, points[2] + dx), Math.max(1, points[3] + dy)];
  if (shape === "circle") return [points[0], points[1], Math.max(1, points[2] + dx + dy)];
  return points;
}

export class Shapes {
  /** `label` names an area, `changed` is told of each change, `chosen` of the area that is worked on. */
  constructor(svg, size, { label, changed, chosen, isReadonly }) {
    Object.assign(this, { svg, size, label, changed, chosen, isReadonly });
    this.areas = [];
    this.current = -1;
    svg.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
    this.listen();
    new ResizeObserver(() => this.draw()).observe(svg);
  }

  /** How many pixels of the picture one of the screen is. */
  get unit() {
    return this.size.width / (this.svg.getBoundingClientRect().width || this.size.width);
  }

  show(areas) {
    this.areas = areas;
    this.current = Math.min(this.current, areas.length - 1);
    this.draw();
  }

  choose(number, { focus = false } = {}) {
    this.current = number;
    this.draw();
    this.chosen(number);
    if (focus) this.svg.querySelectorAll(".shape")[number]?.focus();
  }

  draw() {
    if (!this.svg.isConnected || this.svg.hasAttribute("hidden")) return;
    const focused = [...this.svg.querySelectorAll(".shape")].indexOf(document.activeElement);
    this.svg.replaceChildren(...this.areas.map((area, i) => this.drawn(area, i)));
    if (focused >= 0) this.svg.querySelectorAll(".shape")[focused]?.focus({ preventScroll: true });
  }

  drawn(area, number) {
    if (area.shape === "none") return makeSvg("g", { class: "shape", "data-number": number });
    const { unit } = this;
    const name = this.label(area, number + 1);
    const [x, y] = handlesOf(area)[0];
    const text = makeSvg("text", { class: "label", x: x + 4 * unit, y: y + 15 * unit, "font-size": 13 * unit, "stroke-width": 3 * unit }, name);
    const handles = this.isReadonly ? [] : handlesOf(area).flatMap(([cx, cy], i) => [
      makeSvg("circle", { class: "handle", cx, cy, r: 5 * unit }),
      makeSvg("circle", { class: "grip", cx, cy, r: 13 * unit, "data-handle": i }),
    ]);
    const described = `${name}: ${area.points.map(Math.round).join(", ")}`;
    const attributes = { class: `shape${number === this.current ? " chosen" : ""}`, tabindex: 0, role: "button", "aria-label": described, "data-number": number };
    return makeSvg("g", attributes, ...this.outline(area), text, ...handles);
  }

  outline({ shape, points }) {
    const [x, y, width, height] = points;
    const [tag, attributes] = {
      rect: ["rect", { x, y, width, height }],
      circle: ["circle", { cx: x, cy: y, r: width }],
      poly: ["polygon", { points: points.join(" ") }],
    }[shape];
    return ["edge", "area"].map((name) => makeSvg(tag, { class: name, ...attributes }));
  }

  listen() {
    this.svg.addEventListener("pointerdown", (event) => this.grasp(event));
    this.svg.addEventListener("keydown", (event) => this.press(event));
    this.svg.addEventListener("focusin", (event) => {
      const number = Number(event.target.closest(".shape")?.dataset.number ?? -1);
      if (number >= 0 && number !== this.current) this.choose(number);
    });
  }

  /** Where a pointer is, in pixels of the picture, of which it does not leave the frame. */
  at(event) {
    const box = this.svg.getBoundingClientRect();
    const { width, height } = this.size;
    const [x, y] = [((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height];
    return [Math.round(Math.min(width, Math.max(0, x))), Math.round(Math.min(height, Math.max(0, y)))];
  }

  grasp(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    const shape = event.target.closest(".shape");
    if (shape) this.choose(Number(shape.dataset.number), { focus: true });
    if (this.isReadonly) return;
    const start = this.at(event);
    const handle = event.target.dataset.handle;
    const before = shape && { ...this.areas[this.current] };
    const step = (to) => {
      if (!before) return this.drag(start, to);
      const points = handle === undefined ? moved(before, to[0] - start[0], to[1] - start[1]) : pulled(before, Number(handle), to);
      return this.change(this.current, points);
    };
    this.svg.setPointerCapture(event.pointerId);
    const move = (one) => step(this.at(one));
    const end = () => {
      this.svg.removeEventListener("pointermove", move);
      this.drawing = false;
    };
    this.svg.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) this.svg.addEventListener(name, end, { once: true });
  }

  /** Draw a new rectangle, once it has some size. */
  drag(start, to) {
    const points = [Math.min(start[0], to[0]), Math.min(start[1], to[1]), Math.abs(to[0] - start[0]), Math.abs(to[1] - start[1])];
    if (!this.drawing && Math.max(points[2], points[3]) < SMALLEST * this.unit) return;
    const sized = [points[0], points[1], Math.max(1, points[2]), Math.max(1, points[3])];
    if (this.drawing) this.change(this.areas.length - 1, sized);
    else this.add(sized);
    this.drawing = true;
  }

  add(points, shape = "rect") {
    this.areas = this.make(this.areas, { shape, points });
    this.changed(this.areas);
    this.choose(this.areas.length - 1, { focus: true });
  }

  change(number, points) {
    this.areas = this.areas.map((one, i) => (i === number ? { ...one, points } : one));
    this.draw();
    this.changed(this.areas);
  }

  remove(number) {
    this.areas = this.areas.filter((_, i) => i !== number);
    this.current = Math.min(number, this.areas.length - 1);
    this.draw();
    this.changed(this.areas);
    (this.svg.querySelectorAll(".shape")[this.current] ?? this.home)?.focus();
  }

  press(event) {
    if (this.isReadonly || !event.target.closest(".shape")) return;
    const arrow = ARROWS[event.key];
    const area = this.areas[this.current];
    if (event.key === "Delete" || event.key === "Backspace") this.remove(this.current);
    else if (arrow) {
      const [dx, dy] = arrow.map((one) => one * (event.shiftKey ? 10 : 1));
      this.change(this.current, event.altKey ? grown(area, dx, dy) : moved(area, dx, dy));
    } else return;
    event.preventDefault();
  }
}
