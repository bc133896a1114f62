// Fly-out zoom: what lies under the pointer, shown large beside the picture; a lens says which part that is.

import { make } from "./dom.js";
import { Plane } from "./plane.js";

const ENLARGED = 2.5;
const STEP = 0.06;

/** @typedef {{x: number, y: number}} Point */

export class Flyout {
  /** The middle of the lens, in pixels of the picture. */
  #middle = { x: 0, y: 0 };

  /**
   * @param {Plane} plane what it looks into
   * @param {() => void} stale
   */
  constructor(plane, stale) {
    this.main = plane;
    this.canvas = make("canvas", { "aria-hidden": "true" });
    this.panel = make("div", { class: "flyout", part: "flyout", hidden: true }, this.canvas);
    this.lens = make("div", { class: "lens", part: "lens", hidden: true });
    this.plane = new Plane(this.canvas, { viewed() {}, busy() {}, stale });
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  /**
   * Look at a point of the element; open when it is not yet.
   * @param {Point} point
   */
  look(point) {
    const { picture } = this.main;
    if (!picture?.zooms) return;
    this.#middle = this.main.at(point);
    this.#open();
    this.#follow();
  }

  /** Look at the middle of what is seen. */
  lookAtMiddle() {
    this.look({ x: this.main.size.width / 2, y: this.main.size.height / 2 });
  }

  /**
   * Move the lens by steps.
   * @param {number} x
   * @param {number} y
   */
  step(x, y) {
    const { picture } = this.main;
    if (!picture) return;
    const side = Math.max(picture.width, picture.height) * STEP;
    const kept = (value, most) => Math.min(most, Math.max(0, value));
    this.#middle = {
      x: kept(this.#middle.x + x * side, picture.width),
      y: kept(this.#middle.y + y * side, picture.height),
    };
    this.#follow();
  }

  #open() {
    if (this.isOpen) return;
    this.panel.hidden = false;
    this.#place();
    const { picture } = this.main;
    const shown = this.plane.picture === picture ? this.plane.sized() : this.plane.show(picture);
    shown.then(
      () => this.#follow(),
      () => this.close(),
    );
  }

  /** Beside the picture where there is room, over it where there is none. */
  #place() {
    const { panel } = this;
    panel.classList.remove("before", "over");
    for (const side of ["before", "over"]) {
      const { left, right } = panel.getBoundingClientRect();
      if (left >= 0 && right <= document.documentElement.clientWidth) return;
      panel.classList.remove("before");
      panel.classList.add(side);
    }
  }

  #follow() {
    const { plane, main, lens } = this;
    if (!this.isOpen || !plane.picture || !plane.size.width || !main.picture) return;
    const scale = Math.min(plane.most, Math.max(main.view.scale * ENLARGED, 1 / plane.ratio));
    const [width, height] = [plane.size.width / scale, plane.size.height / scale];
    plane.move({ x: this.#middle.x - width / 2, y: this.#middle.y - height / 2, scale });
    const { view } = plane;
    lens.hidden = false;
    const [left, top] = [(view.x - main.view.x) * main.view.scale, (view.y - main.view.y) * main.view.scale];
    lens.style.transform = `translate(${left}px, ${top}px)`;
    lens.style.width = `${(plane.size.width / view.scale) * main.view.scale}px`;
    lens.style.height = `${(plane.size.height / view.scale) * main.view.scale}px`;
  }

  close() {
    this.panel.hidden = this.lens.hidden = true;
  }

  /** Another picture is seen now. */
  forget() {
    this.close();
    this.plane.clear();
  }
}
