// The tiles of a picture: which are needed for what is seen, asked for from the middle outwards, and drawn.
// A `Tiles` belongs to one version of one picture: tiles of two versions never meet.

const SIDE = 512;
const AT_ONCE = 6;
const MOST_PIXELS = 32e6;
const TRIES = 2;

/**
 * @typedef {object} Tile
 * @property {string} key
 * @property {number} level 0 is the full size, each further one half of it
 * @property {import("./picture.js").Box} box in pixels of its level
 * @property {ImageBitmap|null} bitmap
 * @property {AbortController|null} loading
 * @property {number} tries
 * @property {number} used
 */

/**
 * How long a side is at a level.
 * @param {number} side
 * @param {number} level
 */
export function sideAt(side, level) {
  return Math.max(1, Math.round(side / 2 ** level));
}

export class Tiles {
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  /** @type {Tile[]} */
  #queue = [];
  #clock = 0;
  #closed = false;

  /**
   * @param {import("./picture.js").Picture} picture
   * @param {{drawn: () => void, stale: () => void}} tell `drawn` when there is something new to draw, `stale` when
   *   the server has another version
   */
  constructor(picture, tell) {
    this.picture = picture;
    this.tell = tell;
    this.coarsest = Math.max(0, Math.ceil(Math.log2(Math.max(picture.width, picture.height) / SIDE)));
  }

  /** Whether tiles are still under way. */
  get busy() {
    return [...this.#tiles.values()].some((tile) => tile.loading) || this.#queue.length > 0;
  }

  /**
   * The level to draw so many pixels of the screen for a pixel of the picture.
   * @param {number} density
   */
  levelFor(density) {
    return Math.min(this.coarsest, Math.max(0, Math.floor(Math.log2(1 / density) + 0.01)));
  }

  /**
   * Ask for the tiles of a level that a part of the picture needs; what is no longer needed is not waited for.
   * @param {number} level
   * @param {import("./picture.js").Box} part in pixels of the picture
   */
  want(level, part) {
    const needed = this.#needed(level, part);
    const keys = new Set(needed.map((tile) => tile.key));
    for (const tile of this.#tiles.values()) {
      if (keys.has(tile.key) || !tile.loading) continue;
      tile.loading.abort();
      this.#tiles.delete(tile.key);
    }
    this.#queue = needed.filter((tile) => !tile.bitmap && !tile.loading && tile.tries < TRIES);
    this.#clock++;
    for (const tile of needed) tile.used = this.#clock;
    this.#load();
    this.#forget();
  }

  #needed(level, part) {
    const step = SIDE * 2 ** level;
    const [width, height] = [sideAt(this.picture.width, level), sideAt(this.picture.height, level)];
    const range = (start, length, side) => {
      const last = Math.min(Math.ceil(side / SIDE), Math.ceil((start + length) / step));
      const first = Math.max(0, Math.floor(start / step));
      return Array.from({ length: Math.max(0, last - first) }, (_, number) => first + number);
    };
    const found = range(part.y, part.height, height).flatMap((row) =>
      range(part.x, part.width, width).map((column) => this.#tile(level, column, row, width, height)),
    );
    const [x, y] = [part.x + part.width / 2, part.y + part.height / 2];
    const distance = ({ box }) =>
      Math.hypot((box.x + box.width / 2) * 2 ** level - x, (box.y + box.height / 2) * 2 ** level - y);
    return found.sort((one, other) => distance(one) - distance(other));
  }

  #tile(level, column, row, width, height) {
    const key = `${level} ${column} ${row}`;
    const [x, y] = [column * SIDE, row * SIDE];
    const box = { x, y, width: Math.min(SIDE, width - x), height: Math.min(SIDE, height - y) };
    const tile = this.#tiles.get(key) ?? { key, level, box, bitmap: null, loading: null, tries: 0, used: 0 };
    this.#tiles.set(key, tile);
    return tile;
  }

  #load() {
    let room = AT_ONCE - [...this.#tiles.values()].filter((tile) => tile.loading).length;
    while (room-- > 0 && this.#queue.length) this.#loadOne(this.#queue.shift());
  }

  async #loadOne(tile) {
    const loading = new AbortController();
    tile.loading = loading;
    tile.tries++;
    try {
      const url = this.picture.tile(2 ** tile.level, tile.box);
      const { bitmap, state } = await this.picture.load(url, { signal: loading.signal });
      if (state !== "current" || this.#closed || loading.signal.aborted) bitmap.close();
      else tile.bitmap = bitmap;
      if (state === "stale" && !this.#closed) this.tell.stale();
    } catch {
      // what lies under a missing tile stays to be seen; it is asked for once more when the view changes
    }
    if (tile.loading === loading) tile.loading = null;
    if (this.#closed) return;
    this.#load();
    this.tell.drawn();
  }

  /** Let the tiles go that were needed least lately. */
  #forget() {
    const held = [...this.#tiles.values()].filter((tile) => tile.bitmap).sort((one, other) => other.used - one.used);
    let pixels = 0;
    for (const tile of held) {
      pixels += tile.box.width * tile.box.height;
      if (pixels <= MOST_PIXELS || tile.used === this.#clock) continue;
      tile.bitmap.close();
      this.#tiles.delete(tile.key);
    }
  }

  /**
   * Draw what there is, coarse tiles under finer ones; edges lie on whole pixels, so that no seam is seen.
   * @param {CanvasRenderingContext2D} context
   * @param {number} finest finer tiles than these are left out
   * @param {(x: number, y: number) => [number, number]} place where a point of the picture lies on the canvas
   */
  draw(context, finest, place) {
    const { width, height } = context.canvas;
    const shown = [...this.#tiles.values()].filter((tile) => tile.bitmap && tile.level >= finest);
    for (const { bitmap, box, level } of shown.sort((one, other) => other.level - one.level)) {
      const [left, top] = place(...this.#corner(box.x, box.y, level));
      const [right, bottom] = place(...this.#corner(box.x + box.width, box.y + box.height, level));
      if (right > 0 && bottom > 0 && left < width && top < height) {
        context.drawImage(bitmap, left, top, right - left, bottom - top);
      }
    }
  }

  /** A corner in pixels of the picture; the last row and column end where the picture does. */
  #corner(x, y, level) {
    const { width, height } = this.picture;
    const grown = (value, side) => (value >= sideAt(side, level) ? side : value * 2 ** level);
    return /** @type {[number, number]} */ ([grown(x, width), grown(y, height)]);
  }

  close() {
    this.#closed = true;
    this.#queue = [];
    for (const tile of this.#tiles.values()) {
      tile.loading?.abort();
      tile.bitmap?.close();
    }
    this.#tiles.clear();
  }
}
