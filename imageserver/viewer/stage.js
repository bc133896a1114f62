// Where a picture is seen and handled: its canvas, what lies over it, and what pointers, fingers and keys do there.

import { Controls } from "./controls.js";
import { make } from "./dom.js";
import { Flyout } from "./flyout.js";
import { Gestures, keyOf } from "./gestures.js";
import { Hotspots, targetButtons } from "./hotspots.js";
import { Plane } from "./plane.js";

const STEP = 1.5;
const TWICE = 3;
const SWIPE = 50;

/** @typedef {import("./picture.js").Box} Box */
/**
 * @typedef {object} Acts what the viewer does
 * @property {(by: number) => void} step show another item
 * @property {() => void} renew ask the server what is new
 * @property {() => void} play turn by itself, or stop
 * @property {() => void} full fill the screen, or no longer
 * @property {(name: string, detail: object) => boolean} tell the page; false when it wants nothing more to be done
 */

export class Stage {
  /** @type {import("./spin.js").Spin|null} */
  spin = null;
  /** `inline`, `flyout` or `none` */
  zoom = "inline";
  isFull = false;
  /** @type {(Box & {label: string})[]} */
  #targets = [];
  #reported = "";

  /**
   * @param {import("./controls.js").Words} words
   * @param {Acts} acts
   */
  constructor(words, acts) {
    this.words = words;
    this.acts = acts;
    this.canvas = make("canvas", { role: "img", part: "picture" });
    this.surface = make("div", { class: "surface", part: "surface", tabindex: 0, role: "application" }, this.canvas);
    const renew = () => acts.renew();
    this.plane = new Plane(this.canvas, { viewed: () => this.viewed(), stale: renew, busy: (busy) => this.busy(busy) });
    this.flyout = new Flyout(this.plane, renew);
    this.hotspots = new Hotspots(words.hotspots, {
      pressed: (area) => acts.tell("is-hotspot", { area, href: area.href ?? "" }),
      focused: (box) => this.#reveal(box),
    });
    this.surface.append(this.hotspots.element, this.flyout.lens);
    this.controls = new Controls(words, {
      in: () => this.zoomBy(STEP),
      out: () => this.zoomBy(1 / STEP),
      whole: () => this.fit(),
      full: acts.full,
      previous: () => acts.step(-1),
      next: () => acts.step(1),
      play: acts.play,
      turn: (column) => this.turn(column - (this.spin?.column ?? 0)),
    });
    this.targetList = make("div", {
      class: "targets",
      part: "targets",
      role: "group",
      "aria-label": words.targets,
      hidden: true,
    });
    this.said = make("div", { class: "said", role: "status" });
    this.content = make("div");
    const { previous, next, turner, bar } = this.controls;
    const bottom = [make("div", { class: "busy", part: "busy" }), this.flyout.panel, this.said];
    const parts = [this.surface, this.content, this.targetList, previous, next, turner, bar, ...bottom];
    this.element = make("div", { class: "stage", part: "stage" }, ...parts);
    new Gestures(this.surface, this);
    this.surface.addEventListener("keydown", (event) => this.#key(event));
  }

  get isRtl() {
    return getComputedStyle(this.element).direction === "rtl";
  }

  get canZoom() {
    return this.zoom !== "none" && Boolean(this.plane.picture?.zooms);
  }

  /**
   * Say what is seen to those who do not see it.
   * @param {string} label
   */
  name(label) {
    this.canvas.setAttribute("aria-label", label);
    this.surface.setAttribute("aria-label", `${label}. ${this.spin ? this.words.spinHelp : this.words.help}`);
  }

  /** @param {boolean} busy */
  busy(busy) {
    this.element.setAttribute("aria-busy", String(busy));
  }

  /**
   * Show something that is no picture in its place, or nothing.
   * @param {...Node} nodes
   */
  replace(...nodes) {
    this.content.replaceChildren(...nodes);
    this.surface.hidden = nodes.length > 0;
  }

  /** @param {import("./spin.js").Spin|null} spin */
  turns(spin) {
    if (this.spin !== spin) this.spin?.close();
    this.spin = spin;
    this.controls.spin(spin);
  }

  /** Show nothing. */
  clear() {
    this.turns(null);
    this.adorn([], []);
    this.plane.clear();
    this.flyout.forget();
  }

  close() {
    this.clear();
    this.plane.close();
    this.flyout.plane.close();
  }

  /**
   * Show hot spots and the buttons of targets.
   * @param {Record<string, string>[]} areas
   * @param {(Box & {label: string})[]} targets
   */
  adorn(areas, targets) {
    this.#targets = targets;
    this.hotspots.show(areas);
    this.targetList.replaceChildren(...targetButtons(targets, (number) => this.showTarget(number)));
    this.targetList.hidden = !targets.length || this.zoom === "none";
    this.viewed();
  }

  /** Let everything follow what is seen. */
  viewed() {
    const { plane, surface } = this;
    const zoomed = plane.isZoomed;
    this.hotspots.follow(plane.view, plane.size);
    this.controls.view(!zoomed, !this.canZoom || plane.view.scale >= plane.most * 0.999, this.zoom === "none");
    surface.classList.toggle("moves", zoomed || this.spin !== null);
    surface.classList.toggle("held", zoomed || (this.spin?.rows.length ?? 0) > 1);
    surface.classList.toggle("peeks", this.zoom === "flyout" && !zoomed);
    const view = JSON.stringify(plane.view);
    if (!plane.picture || view === this.#reported) return;
    this.#reported = view;
    this.acts.tell("is-view", this.view);
  }

  /** The part of the picture that is seen, and how many pixels of the screen one of its takes. */
  get view() {
    const { view, size, ratio } = this.plane;
    return {
      x: view.x,
      y: view.y,
      width: size.width / view.scale,
      height: size.height / view.scale,
      scale: view.scale * ratio,
    };
  }

  fit() {
    this.plane.glide(this.plane.whole());
  }

  /** @param {number} factor @param {import("./gestures.js").Point} [point] */
  zoomBy(factor, point) {
    if (this.canZoom) this.plane.glide(this.plane.zoomBy(factor, point));
  }

  /** @param {Box} box */
  show(box) {
    if (this.canZoom) this.plane.glide(this.plane.frame(box));
  }

  /** @param {number} number */
  showTarget(number) {
    const target = this.#targets[number];
    if (!target) return;
    this.show(target);
    this.said.textContent = target.label;
    this.acts.tell("is-target", { number, ...target });
  }

  /** Move until a part is seen. */
  #reveal({ x, y, width, height }) {
    const seen = this.view;
    const inside = x >= seen.x && y >= seen.y && x + width <= seen.x + seen.width && y + height <= seen.y + seen.height;
    if (inside || !this.plane.isZoomed) return;
    const { scale } = this.plane.view;
    const [across, down] = [Math.max(width, seen.width), Math.max(height, seen.height)];
    const box = { x: x + (width - across) / 2, y: y + (height - down) / 2, width: across, height: down };
    const framed = this.plane.frame(box);
    this.plane.glide(framed.scale < scale ? framed : { ...box, scale });
  }

  /** @param {number} columns @param {number} [rows] */
  turn(columns, rows = 0) {
    this.spin?.stop();
    this.spin?.turn(columns, rows);
  }

  drag(x, y) {
    this.flyout.close();
    if (this.plane.isZoomed) return this.plane.move(this.plane.panBy(x, y));
    this.spin?.stop();
    this.spin?.drag(x / this.plane.size.width, y / this.plane.size.height);
  }

  drop(x, y, seconds) {
    if (this.plane.isZoomed || this.spin || Math.abs(x) < Math.max(SWIPE, Math.abs(y)) || seconds > 1) return;
    this.acts.step(x < 0 === this.isRtl ? -1 : 1);
  }

  pinch(factor, point, x, y) {
    if (!this.canZoom) return;
    this.spin?.stop();
    this.plane.move(this.plane.zoomBy(factor, point));
    this.plane.move(this.plane.panBy(x, y));
  }

  wheel(factor, point) {
    if (!this.canZoom || (factor < 1 && !this.plane.isZoomed)) return false;
    this.flyout.close();
    this.plane.move(this.plane.zoomBy(factor, point));
    return true;
  }

  twice(point) {
    if (this.plane.isZoomed) this.fit();
    else this.zoomBy(TWICE, point);
  }

  hover(point, event) {
    if (this.zoom !== "flyout" || event.pointerType === "touch") return;
    if (point && !event.buttons && !this.plane.isZoomed) this.flyout.look(point);
    else this.flyout.close();
  }

  #key(event) {
    if (event.target !== this.surface) return;
    const { plane, flyout, isFull, isRtl } = this;
    const lens = this.zoom === "flyout" && { isOpen: flyout.isOpen };
    const found = keyOf(event, { zoomed: plane.isZoomed, lens, spins: this.spin !== null, isFull, isRtl });
    if (!found) return;
    event.preventDefault();
    const [act, x = 0, y = 0] = found;
    /** @type {Record<string, () => void>} */
    const acts = {
      in: () => this.zoomBy(STEP),
      out: () => this.zoomBy(1 / STEP),
      fit: () => this.fit(),
      actual: () => this.zoomBy(1 / this.view.scale),
      pan: () => plane.move(plane.panBy(-x, -y)),
      lens: () => flyout.step(x, y),
      peek: () => (flyout.isOpen ? flyout.close() : flyout.lookAtMiddle()),
      turn: () => this.turn(x, y),
      step: () => this.acts.step(x),
      full: () => this.acts.full(),
    };
    acts[act]();
  }
}
