// A canvas that shows a picture: the whole of it first, and tiles over that where it is looked at closely.

import { Tiles } from "./tiles.js";
import { between, framed, leastScale, panned, whole, within, zoomed } from "./view.js";

const STEP = 64;
const MOST_SIDE = 2000;
const ENOUGH = 0.94;
const GLIDE = 260;
const CALM = window.matchMedia("(prefers-reduced-motion: reduce)");

/** @typedef {import("./picture.js").Picture} Picture */
/** @typedef {import("./view.js").View} View */
/**
 * @typedef {object} Listener
 * @property {(view: View) => void} viewed another part is seen
 * @property {() => void} stale the server has another version of the picture
 * @property {(busy: boolean) => void} busy whether something is under way
 */

export class Plane {
  /** @type {Picture|null} */
  picture = null;
  /** @type {View} */
  view = { x: 0, y: 0, scale: 1 };
  /** Pixels of the page. */
  size = { width: 0, height: 0 };
  /** Pixels of the screen that a pixel of the picture may take. */
  closest = 2;
  /** @type {ImageBitmap|null} */
  #base = null;
  #owned = false;
  /** @type {Tiles|null} */
  #tiles = null;
  /** @type {AbortController|null} */
  #loading = null;
  #frame = 0;
  #gliding = 0;
  #late = 0;
  /** @type {Picture|null} */
  #measuring = null;
  /** @type {(() => void)[]} */
  #waiting = [];

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Listener} listener
   */
  constructor(canvas, listener) {
    this.canvas = canvas;
    this.listener = listener;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.observer = new ResizeObserver((entries) => this.#resize(entries[entries.length - 1]));
    this.observer.observe(canvas);
  }

  /** Pixels of the screen that a pixel of the page takes. */
  get ratio() {
    return this.size.width ? this.canvas.width / this.size.width : devicePixelRatio;
  }

  get least() {
    return this.picture ? leastScale(this.picture, this.size) : 1;
  }

  get most() {
    return this.picture?.zooms ? Math.max(this.least, this.closest / this.ratio) : this.least;
  }

  get isZoomed() {
    return this.view.scale > this.least * 1.001;
  }

  /** How large a whole picture has to be to fill the element, in steps, so that many pages ask for the same one. */
  get wanted() {
    const side = (length) => Math.min(MOST_SIDE, Math.ceil((length * this.ratio) / STEP) * STEP);
    return { width: side(this.size.width), height: side(this.size.height) };
  }

  /** Wait until the element has a size. */
  async sized() {
    if (!this.size.width || !this.size.height)
      await new Promise((resume) => this.#waiting.push(() => resume(undefined)));
  }

  /**
   * Load a picture and show it in place of the one before, which stays until then.
   * @param {Picture} picture
   * @param {boolean} [keep] look at the same part as before where that makes sense
   * @returns {Promise<boolean>} whether it is shown; not when another one was asked for meanwhile
   */
  async show(picture, keep = false) {
    this.#loading?.abort();
    const loading = new AbortController();
    this.#loading = loading;
    const { signal } = loading;
    this.#tellBusy();
    try {
      await this.sized();
      if (!picture.version) await picture.measure();
      if (signal.aborted) return false;
      const bitmap = await this.#whole(picture, signal);
      if (bitmap) this.put(picture, bitmap, { keep, owned: true });
      return Boolean(bitmap);
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    } finally {
      if (this.#loading === loading) this.#loading = null;
      this.#tellBusy();
    }
  }

  /** Tell whether anything is under way: the picture, its tiles, a motion. */
  #tellBusy(lacks = false) {
    const loads = lacks && (this.#measuring || this.#tiles?.busy);
    this.listener.busy(Boolean(this.#loading || this.#gliding || loads));
  }

  /** Load the whole picture; none when it is no longer wanted, or out of date. */
  async #whole(picture, signal) {
    const { bitmap, state } = await picture.whole(this.wanted, { signal, priority: "high" });
    if (signal.aborted || state === "stale") {
      bitmap.close();
      if (!signal.aborted) this.listener.stale();
      return null;
    }
    picture.renamed = false;
    const shape = (bitmap.height * picture.width) / picture.height;
    if (Math.abs(shape - bitmap.width) > 2 + picture.width / picture.height)
      await picture.measure().catch(() => undefined);
    return bitmap;
  }

  /**
   * Show a picture that is loaded.
   * @param {Picture} picture
   * @param {ImageBitmap} bitmap
   * @param {{keep?: boolean, owned?: boolean}} [options] `owned` says that the plane lets the bitmap go
   */
  put(picture, bitmap, { keep = false, owned = false } = {}) {
    const before = this.picture;
    const stays = keep && before && Math.abs(before.width / before.height - picture.width / picture.height) < 0.01;
    const share = stays && before ? before.width / picture.width : 1;
    this.#let();
    this.picture = picture;
    this.#base = bitmap;
    this.#owned = owned;
    const kept = { x: this.view.x / share, y: this.view.y / share, scale: this.view.scale * share };
    this.move(stays ? kept : whole(picture, this.size));
    if (owned) this.#measure(picture);
  }

  /** Ask what the picture is exactly, once it is seen, before its tiles are asked for. */
  async #measure(picture) {
    this.#measuring = picture;
    await picture.measure().catch(() => undefined);
    if (this.picture !== picture) return;
    this.#measuring = null;
    if (picture.renamed) {
      picture.renamed = false;
      this.show(picture, true).catch(() => undefined);
    } else {
      this.#tiles = picture.zooms
        ? new Tiles(picture, { drawn: () => this.redraw(), stale: () => this.listener.stale() })
        : null;
      this.move(this.isZoomed ? this.view : whole(picture, this.size));
    }
  }

  /** Take the picture away. */
  clear() {
    this.#loading?.abort();
    this.#let();
    this.picture = null;
    this.redraw();
  }

  #let() {
    cancelAnimationFrame(this.#gliding);
    this.#gliding = 0;
    this.#tiles?.close();
    this.#tiles = null;
    if (this.#owned) this.#base?.close();
    this.#base = null;
  }

  close() {
    this.clear();
    cancelAnimationFrame(this.#frame);
    this.observer.disconnect();
  }

  /**
   * Look at another part.
   * @param {View} view
   */
  move(view) {
    if (!this.picture) return;
    cancelAnimationFrame(this.#gliding);
    this.#gliding = 0;
    this.#look(view);
  }

  #look(view) {
    const scale = Math.min(this.most, Math.max(this.least, view.scale));
    this.view = within({ ...view, scale }, this.picture, this.size);
    this.redraw();
    this.listener.viewed(this.view);
  }

  /**
   * Move there slowly, unless the reader wants no motion.
   * @param {View} view
   */
  glide(view) {
    if (!this.picture) return;
    const scale = Math.min(this.most, Math.max(this.least, view.scale));
    const end = within({ ...view, scale }, this.picture, this.size);
    if (CALM.matches) return this.move(end);
    const [from, start] = [this.view, performance.now()];
    this.listener.busy(true);
    cancelAnimationFrame(this.#gliding);
    const step = (now) => {
      const share = Math.min(1, Math.max(0, (now - start) / GLIDE));
      this.#gliding = share < 1 ? requestAnimationFrame(step) : 0;
      this.#look(share < 1 ? between(from, end, share * (2 - share), this.size) : end);
    };
    this.#gliding = requestAnimationFrame(step);
  }

  /**
   * @param {number} factor
   * @param {{x: number, y: number}} [point] that stays where it is, in pixels of the page
   */
  zoomBy(factor, point = { x: this.size.width / 2, y: this.size.height / 2 }) {
    return zoomed(this.view, Math.min(this.most, Math.max(this.least, this.view.scale * factor)), point);
  }

  panBy(x, y) {
    return panned(this.view, x, y);
  }

  whole() {
    return this.picture ? whole(this.picture, this.size) : this.view;
  }

  /** @param {import("./picture.js").Box} box */
  frame(box) {
    return framed(box, this.size, this.most);
  }

  /**
   * The point of the picture under a point of the element.
   * @param {{x: number, y: number}} point
   */
  at({ x, y }) {
    return { x: this.view.x + x / this.view.scale, y: this.view.y + y / this.view.scale };
  }

  redraw() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw() {
    const { canvas, context, picture, view } = this;
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (!picture || !this.#base || !this.size.width) return this.#tellBusy();
    const density = view.scale * this.ratio;
    const place = (x, y) =>
      /** @type {[number, number]} */ ([Math.round((x - view.x) * density), Math.round((y - view.y) * density)]);
    context.imageSmoothingQuality = "high";
    const [[left, top], [right, bottom]] = [place(0, 0), place(picture.width, picture.height)];
    context.drawImage(this.#base, left, top, right - left, bottom - top);
    const enough = this.#base.width >= Math.min(picture.width, picture.width * density) * ENOUGH;
    if (!enough) this.#drawTiles(density, place);
    this.#tellBusy(!enough);
  }

  #drawTiles(density, place) {
    const { view, picture } = this;
    if (!this.#tiles && picture.zooms && this.#measuring !== picture) this.#measure(picture);
    if (!this.#tiles) return;
    const level = this.#tiles.levelFor(density);
    const [width, height] = [this.size.width / view.scale, this.size.height / view.scale];
    if (!this.#gliding) this.#tiles.want(level, { x: view.x, y: view.y, width, height });
    this.#tiles.draw(this.context, level, place);
  }

  #resize(entry) {
    const { width, height } = entry.contentRect;
    const screen = entry.devicePixelContentBoxSize?.[0];
    const fitted = !this.isZoomed;
    this.size = { width, height };
    const exact = screen && Math.abs(screen.inlineSize - width * devicePixelRatio) <= 1;
    this.canvas.width = exact ? screen.inlineSize : Math.round(width * devicePixelRatio);
    this.canvas.height = exact ? screen.blockSize : Math.round(height * devicePixelRatio);
    if (!width || !height) return;
    for (const resume of this.#waiting.splice(0)) resume();
    if (!this.picture) return;
    this.move(fitted ? this.whole() : this.view);
    this.#draw();
    clearTimeout(this.#late);
    if (!this.picture.zooms) this.#late = setTimeout(() => this.picture && this.show(this.picture, true), 300);
  }
}
