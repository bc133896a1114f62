// A picture of the server: its name, its version, how large it is, and the URLs of its parts.

import { Refused, ask, load, urlOf } from "./protocol.js";

const USUAL_MAX_PIX = 2000;
const COARSEST = 64;
const TRIES = 4;

/** @typedef {{x: number, y: number, width: number, height: number}} Box */

export class Picture {
  /** Whether `scl=` and `rect=` alone decide what is seen of it. */
  zooms = true;
  /** Whether the first version that was heard of is not that of the whole picture, as with a watermark. */
  renamed = false;
  /** @type {Promise<void>|null} */
  #measured = null;
  /** Whether the server was seen to mark replies of the current version. */
  #marked = false;
  /** Whether one without a mark was found to be of the current version. */
  #unmarked = false;
  /** @type {Promise<any>|null} */
  #asking = null;

  /**
   * @param {object} facts
   * @param {string} facts.root
   * @param {string} facts.name
   * @param {string} [facts.commands] what is added to all of its requests
   * @param {string} [facts.version] what `id=` says
   * @param {string} [facts.metadata] the same for maps and targets
   * @param {number} [facts.width] 0 when it is not known yet
   * @param {number} [facts.height]
   * @param {string} [facts.label]
   * @param {boolean} [facts.hasMap] whether there may be a map
   * @param {boolean} [facts.hasTargets]
   */
  constructor({ root, name, commands = "", version = "", metadata = "", width = 0, height = 0, label = "", ...rest }) {
    this.root = root;
    this.name = name;
    this.commands = commands;
    this.version = version;
    this.metadata = metadata;
    this.width = width;
    this.height = height;
    this.label = label;
    this.hasMap = rest.hasMap ?? true;
    this.hasTargets = rest.hasTargets ?? true;
  }

  /**
   * Tell whether another picture is this one, in the same version.
   * @param {Picture} other
   */
  equals(other) {
    const same = this.root === other.root && this.name === other.name && this.commands === other.commands;
    const alike = (one, two) => !one || !two || one.startsWith(two) || two.startsWith(one);
    return same && alike(this.version, other.version) && alike(this.metadata, other.metadata);
  }

  /** @param {...(string|false|undefined)} commands */
  url(...commands) {
    return urlOf(this.root, this.name, this.commands, ...commands, this.version && `id=${this.version}`);
  }

  /**
   * A part of the picture at 1/scale of its size, in pixels of that.
   * @param {number} scale
   * @param {Box} box
   */
  tile(scale, { x, y, width, height }) {
    return this.url("req=tile", `scl=${scale}`, `rect=${x},${y},${width},${height}`);
  }

  /** @param {number} side */
  thumbnail(side) {
    return this.url("req=tmb", `wid=${side}`, `hei=${side}`);
  }

  /**
   * Ask the server, once, how large the picture is with all that its record does to it, and for its whole version.
   * @param {boolean} [fresh]
   * @returns {Promise<void>}
   */
  measure(fresh = false) {
    this.#measured ??= this.#measure(fresh);
    return this.#measured;
  }

  async #measure(fresh) {
    let { props, scale } = await this.#propsAtAnyScale(fresh);
    if (!fresh && !props["image.version"].startsWith(this.version))
      ({ props, scale } = await this.#propsAtAnyScale(true));
    const [width, height] = [Number(props["image.width"]), Number(props["image.height"])];
    const isOf = (side, shown) => Math.max(1, Math.round(side / scale)) === shown;
    if (!isOf(this.width, width) || !isOf(this.height, height)) {
      const coarser = await this.#props(scale * 2, fresh);
      this.zooms = Math.abs(Number(coarser["image.width"]) * 2 - width) < 2;
      const lost = scale > 1 ? scale / 2 : 0; // of the sizes that round to this one, the least
      [this.width, this.height] = [width * scale - lost, height * scale - lost];
    }
    this.renamed = !props["image.version"].startsWith(this.version);
    this.version = props["image.version"];
    this.metadata = props["metadata.version"];
  }

  /** A picture may be larger than one reply may be: then the first scale at which it is not. */
  async #propsAtAnyScale(fresh) {
    for (let scale = this.#scale; ; scale *= 2) {
      try {
        return { props: await this.#props(scale, fresh), scale };
      } catch (error) {
        if (!isTooLarge(error) || scale >= COARSEST) throw error;
      }
    }
  }

  /** At what part of its size the whole picture is not larger than a reply may usually be. */
  get #scale() {
    return 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(this.width, this.height, 1) / USUAL_MAX_PIX)));
  }

  #props(scale, fresh) {
    return ask(urlOf(this.root, this.name, this.commands, "req=props,json", `scl=${scale}`), { fresh });
  }

  /**
   * Load one of the URLs of this picture. It is `stale` when the server has another version by now, and `doubtful` when
   * the server, which says so otherwise, did not say that it is of the current one.
   * @param {string} url
   * @param {{signal?: AbortSignal, priority?: "high"|"low"|"auto"}} [options]
   * @returns {Promise<{bitmap: ImageBitmap, state: "current"|"doubtful"|"stale"}>}
   */
  async load(url, options) {
    const asked = this.version;
    const { bitmap, settled } = await load(url, options);
    this.#marked ||= settled;
    if (settled || !asked || (this.#unmarked && !this.#marked)) return { bitmap, state: "current" };
    if (await this.#isStale(asked)) return { bitmap, state: "stale" };
    this.#unmarked = true;
    return { bitmap, state: this.#marked ? "doubtful" : "current" };
  }

  /**
   * Load the whole picture, not larger than it is; smaller where the server makes none of that size. One that turns out
   * to have another version is asked for by that.
   * @param {{width: number, height: number}} size
   * @param {Parameters<Picture["load"]>[1]} options
   * @returns {ReturnType<Picture["load"]>}
   */
  async whole({ width, height }, options) {
    for (let tries = 1; ; tries++) {
      try {
        const reply = await this.load(this.url(`wid=${width}`, `hei=${height}`, "fit=constrain"), options);
        if (reply.state !== "stale" || tries === TRIES) return reply;
        reply.bitmap.close();
      } catch (error) {
        if (!isTooLarge(error) || tries === TRIES) throw error;
        [width, height] = [Math.ceil(width / 2), Math.ceil(height / 2)];
      }
    }
  }

  /** Before the picture is measured, its version may be that of a part of it, or an old one: then it is put right. */
  async #isStale(asked) {
    if (this.#measured) {
      this.#asking ??= this.#props(this.#scale, true).finally(() => (this.#asking = null));
      return !(await this.#asking)["image.version"].startsWith(asked);
    }
    await this.measure(true);
    return !this.version.startsWith(asked);
  }

  /**
   * The hot spots, in pixels of the picture.
   * @returns {Promise<Record<string, string>[]>}
   */
  async map() {
    if (!this.hasMap) return [];
    await this.measure().catch(() => undefined);
    const scale = this.#scale;
    const areas = await ask(this.#metadataUrl("map", `scl=${scale}`)).catch(() => []);
    const enlarge = (number) => String(Math.round(Number(number) * scale));
    return areas.map((area) => ({ ...area, coords: (area.coords ?? "").split(",").map(enlarge).join(",") }));
  }

  /**
   * The zoom targets, in pixels of the picture.
   * @returns {Promise<(Box & {label: string})[]>}
   */
  async targets() {
    if (!this.hasTargets) return [];
    await this.measure().catch(() => undefined);
    const lines = await ask(this.#metadataUrl("targets")).catch(() => ({}));
    const found = Object.entries(lines).flatMap(([key, text]) => {
      const number = /^target\.([^.]+)\.rect$/i.exec(key)?.[1];
      if (!number) return [];
      const [x, y, width, height] = text.split(",").map(Number);
      return width > 0 && height > 0
        ? [{ x, y, width, height, label: lines[key.replace(/rect$/i, "label")] || number }]
        : [];
    });
    return found;
  }

  #metadataUrl(kind, ...commands) {
    return urlOf(
      this.root,
      this.name,
      this.commands,
      ...commands,
      `req=${kind},json`,
      this.metadata && `id=${this.metadata}`,
    );
  }
}

/** Whether the server refused to make something so large. */
function isTooLarge(error) {
  return error instanceof Refused && /illegal image size/.test(error.message);
}
