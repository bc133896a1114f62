// What people do on a surface with mouse, wheel, fingers, pen and keys, told as what it means.

const CLICK = 5;
const TWICE_WITHIN = 350;
const TWICE_NEAR = 30;
const PAN = 80;

/** @type {Record<string, [string, number?, number?]>} */
const ALWAYS = {
  "+": ["in"],
  "=": ["in"],
  "-": ["out"],
  _: ["out"],
  0: ["fit"],
  1: ["actual"],
  f: ["full"],
  F: ["full"],
};
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const PAGES = { PageUp: -1, PageDown: 1 };

/** @typedef {{x: number, y: number}} Point in pixels of the surface */
/**
 * @typedef {object} Doing
 * @property {(x: number, y: number) => void} drag moved by so many pixels
 * @property {(x: number, y: number, seconds: number) => void} drop let go, having moved so far in all
 * @property {(factor: number, point: Point, x: number, y: number) => void} pinch
 * @property {(factor: number, point: Point) => boolean} wheel whether it was of use
 * @property {(point: Point) => void} twice a double click or tap
 * @property {(point: Point|null, event: PointerEvent) => void} hover the pointer is there, or nowhere
 */

export class Gestures {
  /** @type {Map<number, Point>} */
  #pointers = new Map();
  #start = { x: 0, y: 0, time: 0 };
  #moved = false;
  #pinched = false;
  /** @type {(Point & {time: number})|null} */
  #tap = null;

  /**
   * @param {HTMLElement} surface
   * @param {Doing} doing
   */
  constructor(surface, doing) {
    this.surface = surface;
    this.doing = doing;
    surface.addEventListener("pointerdown", (event) => this.#down(event));
    surface.addEventListener("pointermove", (event) => this.#move(event));
    surface.addEventListener("pointerup", (event) => this.#up(event, true));
    surface.addEventListener("pointercancel", (event) => this.#up(event, false));
    surface.addEventListener("pointerleave", (event) => doing.hover(null, event));
    surface.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    surface.addEventListener("dragstart", (event) => event.preventDefault());
    surface.addEventListener("click", (event) => this.#click(event), { capture: true });
  }

  #point(event) {
    const { left, top } = this.surface.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  #down(event) {
    if (event.button !== 0 || event.target.closest("button, input, video")) return;
    if (!this.#pointers.size) {
      this.#start = { ...this.#point(event), time: event.timeStamp };
      this.#moved = this.#pinched = false;
    }
    this.#pointers.set(event.pointerId, this.#point(event));
  }

  #move(event) {
    const [before, now] = [this.#pointers.get(event.pointerId), this.#point(event)];
    if (!before) return this.doing.hover(now, event);
    const [x, y] = [now.x - before.x, now.y - before.y];
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (!other && !this.#moved && Math.hypot(now.x - this.#start.x, now.y - this.#start.y) < CLICK) return;
    if (!this.#moved || other) this.surface.setPointerCapture(event.pointerId);
    this.#moved = true;
    this.#pointers.set(event.pointerId, now);
    if (!other) return this.doing.drag(x, y);
    this.#pinched = true;
    const distance = (point) => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    this.doing.pinch(distance(now) / distance(before), middle, x / 2, y / 2);
  }

  #up(event, finished) {
    if (!this.#pointers.delete(event.pointerId) || this.#pointers.size) return;
    const now = this.#point(event);
    const [x, y] = [now.x - this.#start.x, now.y - this.#start.y];
    if (this.#moved) {
      if (finished && !this.#pinched) this.doing.drop(x, y, (event.timeStamp - this.#start.time) / 1000);
      this.#tap = null;
    } else if (finished) this.#tapped({ ...now, time: event.timeStamp });
  }

  #tapped(tap) {
    const last = this.#tap;
    const again =
      last && tap.time - last.time < TWICE_WITHIN && Math.hypot(tap.x - last.x, tap.y - last.y) < TWICE_NEAR;
    this.#tap = again ? null : tap;
    if (again) this.doing.twice(tap);
  }

  /** A drag that ends on a link does not follow it. */
  #click(event) {
    if (!this.#moved || !event.detail) return;
    event.preventDefault();
    event.stopPropagation();
    this.#moved = false;
  }

  #wheel(event) {
    const step = event.deltaMode ? 0.05 : event.ctrlKey ? 0.01 : 0.002;
    if (this.doing.wheel(Math.exp(-event.deltaY * step), this.#point(event))) event.preventDefault();
  }
}

/**
 * What a key means: the same arrows pan, turn, move the lens, or go on to the next picture.
 * @param {KeyboardEvent} event
 * @param {{zoomed: boolean, lens: {isOpen: boolean}|false, spins: boolean, isFull: boolean, isRtl: boolean}} seen
 * @returns {[string, number?, number?]|null} what to do, and how far
 */
export function keyOf(event, seen) {
  const { key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (key === "Escape") return escaped(seen);
  if (key === "Enter") return seen.lens ? ["peek"] : null;
  if (key in PAGES) return ["step", PAGES[key]];
  if (key in ALWAYS) return ALWAYS[key];
  return key in ARROWS ? arrow(...ARROWS[key], seen) : null;
}

/** @returns {[string]|null} */
function escaped(seen) {
  if (seen.lens && seen.lens.isOpen) return ["peek"];
  if (seen.zoomed) return ["fit"];
  return seen.isFull ? ["full"] : null;
}

/** @returns {[string, number?, number?]|null} */
function arrow(x, y, seen) {
  if (seen.lens && seen.lens.isOpen) return ["lens", x, y];
  if (seen.zoomed) return ["pan", x * PAN, y * PAN];
  if (seen.spins) return ["turn", x, y];
  return x ? ["step", seen.isRtl ? -x : x] : null;
}
