// A spin set: frames in rows, of which one is seen; turned by hand or by itself.

const AT_ONCE = 4;

/** @typedef {import("./picture.js").Picture} Picture */
/**
 * @typedef {object} Listener
 * @property {(picture: Picture, bitmap: ImageBitmap) => void} shown
 * @property {() => void} stale
 * @property {(turning: boolean) => void} turning
 */

export class Spin {
  row = 0;
  column = 0;
  /** @type {Map<Picture, ImageBitmap>} */
  #bitmaps = new Map();
  /** Parts of a frame that a drag has turned so far. */
  #rest = { x: 0, y: 0 };
  #timer = 0;
  #closing = new AbortController();

  /**
   * @param {Picture[][]} rows
   * @param {Listener} listener
   */
  constructor(rows, listener) {
    this.rows = rows;
    this.listener = listener;
    this.row = Math.floor(rows.length / 2);
  }

  get frames() {
    return this.rows[this.row].length;
  }

  get picture() {
    return this.rows[this.row][this.column];
  }

  get isTurning() {
    return this.#timer > 0;
  }

  /**
   * Load the frame to see first, then all others, at this size.
   * @param {{width: number, height: number}} size
   */
  async load(size) {
    await this.#load(this.picture, size, "high");
    this.#show();
    const others = this.#ordered();
    const work = async () => {
      for (let next = others.shift(); next && !this.#closing.signal.aborted; next = others.shift()) {
        await this.#load(next, size, "low").catch(() => undefined);
        if (next === this.picture) this.#show();
      }
    };
    return [Promise.all(Array.from({ length: AT_ONCE }, work))];
  }

  async #load(picture, size, priority) {
    const { signal } = this.#closing;
    const { bitmap, state } = await picture.whole(size, { signal, priority });
    if (!signal.aborted && state !== "stale") return this.#bitmaps.set(picture, bitmap);
    bitmap.close();
    if (!signal.aborted) this.listener.stale();
  }

  /** The frames that are not seen: every fourth one first, so that a turn is coarse before it is fine. */
  #ordered() {
    const rank = (number) => [4, 2, 1].findIndex((step) => number % step === 0);
    const all = this.rows.flatMap((row, number) =>
      row.map((picture, column) => ({ picture, order: Math.abs(number - this.row) * 3 + rank(column) })),
    );
    return all
      .sort((one, other) => one.order - other.order)
      .map(({ picture }) => picture)
      .filter((one) => !this.#bitmaps.has(one));
  }

  #show() {
    const bitmap = this.#bitmaps.get(this.picture);
    if (bitmap) this.listener.shown(this.picture, bitmap);
  }

  /**
   * Turn by frames; the last is followed by the first.
   * @param {number} columns
   * @param {number} [rows]
   */
  turn(columns, rows = 0) {
    const share = this.column / this.frames;
    this.row = Math.min(this.rows.length - 1, Math.max(0, this.row + rows));
    const column = rows ? Math.round(share * this.frames) : this.column;
    this.column = (((column + columns) % this.frames) + this.frames) % this.frames;
    this.#show();
  }

  /**
   * Turn as a hand does that moves over so much of the picture; across all of it is once around.
   * @param {number} x
   * @param {number} y
   */
  drag(x, y) {
    this.#rest.x += x * this.frames;
    this.#rest.y += y * this.rows.length;
    const [columns, rows] = [Math.trunc(this.#rest.x), Math.trunc(this.#rest.y)];
    this.#rest.x -= columns;
    this.#rest.y -= rows;
    if (columns || rows) this.turn(-columns, -rows);
  }

  /**
   * Turn by itself.
   * @param {number} seconds once around
   */
  start(seconds) {
    this.stop();
    this.#timer = setInterval(() => document.hidden || this.turn(1), (seconds * 1000) / this.frames);
    this.listener.turning(true);
  }

  stop() {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = 0;
    this.listener.turning(false);
  }

  /** Let all frames go but the one that is seen, which stays until something else is. */
  close() {
    this.stop();
    this.#closing.abort();
    this.#bitmaps.delete(this.picture);
    for (const bitmap of this.#bitmaps.values()) bitmap.close();
    this.#bitmaps.clear();
  }
}
