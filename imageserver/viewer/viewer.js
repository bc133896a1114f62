// <is-viewer src="/is/image/catalog/record">: shows a picture or a set of them. docs/viewer.md describes it.

import { wordsOf } from "./controls.js";
import { make } from "./dom.js";
import { Refused, readSource } from "./protocol.js";
import { askSet, completed, itemAt, labelOf, picturesOf } from "./set.js";
import { Spin } from "./spin.js";
import { Stage } from "./stage.js";
import { Strip } from "./strip.js";
import { sheet } from "./style.js";

const SHORTEST = 1;
const USUAL_TURN = 8;
const USUAL_ZOOM = 2;
const CALM = window.matchMedia("(prefers-reduced-motion: reduce)");

/** @typedef {import("./set.js").Item} Item */

export class Viewer extends HTMLElement {
  static observedAttributes = ["src", "commands", "label-key", "alt", "zoom", "max-zoom", "refresh", "selected"];

  /** The whole set; none until the server has said what it is. @type {Item|null} */
  item = null;
  /** The numbers of the items that are chosen, from the outermost set inwards. @type {number[]} */
  path = [];
  /** What the viewer says, where it is to say something else. @type {Partial<import("./controls.js").Words>} */
  words = this.words ?? {};
  /** Counts what was begun, so that what comes late is passed over. */
  #turn = 0;
  /** @type {Stage|null} */
  #stage = null;
  /** @type {Item|null} */
  #leaf = null;
  #timer = 0;
  /** @type {Promise<boolean>|null} */
  #renewing = null;
  /** @type {Strip[]} */
  #strips = [];
  #seen = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && this.#begin(), {
    rootMargin: "200px",
  });

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
  }

  connectedCallback() {
    const stage = new Stage(wordsOf(this.words), {
      step: (by) => this.step(by),
      renew: () => this.refresh(),
      play: () => (stage.spin?.isTurning ? this.pause() : this.play()),
      full: () => this.toggleFullscreen(),
      tell: (name, detail) => this.#tell(name, detail),
    });
    this.#stage = stage;
    this.strips = make("div", { class: "strips" });
    this.shadowRoot.replaceChildren(stage.element, this.strips);
    document.addEventListener("fullscreenchange", this.#screened);
    this.#arrange();
    if (this.getAttribute("loading") === "lazy") this.#seen.observe(this);
    else this.#begin();
  }

  disconnectedCallback() {
    this.#turn++;
    this.#seen.disconnect();
    clearInterval(this.#timer);
    document.removeEventListener("fullscreenchange", this.#screened);
    this.#stage.close();
    this.#stage = this.item = this.#leaf = null;
  }

  attributeChangedCallback(name, before, after) {
    if (!this.#stage || before === after) return;
    if (["src", "commands", "label-key"].includes(name)) this.#begin();
    else if (name === "selected") this.select(pathOf(after));
    else if (name === "refresh") this.#keepFresh();
    else this.#arrange();
  }

  /** The part of the picture that is seen, and how many pixels of the screen one of its takes. */
  get view() {
    return this.#stage.view;
  }

  /** Follow what attributes say of the stage. */
  #arrange() {
    const stage = this.#stage;
    stage.zoom = this.getAttribute("zoom") || "inline";
    stage.plane.closest = Number(this.getAttribute("max-zoom")) || USUAL_ZOOM;
    stage.name(this.getAttribute("alt") || (this.#leaf ? this.#label() : stage.words.picture));
    stage.viewed();
  }

  /** Ask for the set, and show what is selected of it. */
  async #begin() {
    this.#seen.disconnect();
    const [turn, stage] = [++this.#turn, this.#stage];
    this.item = this.#leaf = null;
    this.#strips = [];
    this.strips.replaceChildren();
    stage.replace();
    stage.clear();
    stage.controls.pages(0, 0);
    stage.busy(this.hasAttribute("src"));
    if (!this.hasAttribute("src")) return;
    try {
      const item = await this.#ask(false);
      if (turn !== this.#turn) return;
      this.item = item;
      this.#tell("is-ready", { name: item.name, kind: item.kind, items: item.items?.length ?? 1 });
      await this.#open(pathOf(this.getAttribute("selected")));
    } catch (error) {
      if (turn === this.#turn) this.#fail(error);
    }
    if (turn === this.#turn) this.#keepFresh();
  }

  #ask(fresh) {
    const [commands, labelKey] = ["commands", "label-key"].map((name) => this.getAttribute(name) ?? "");
    return askSet(readSource(this.getAttribute("src") ?? ""), { commands, labelKey, fresh });
  }

  /**
   * Show an item of the set.
   * @param {number|number[]} path its number, or numbers from the outermost set inwards
   */
  async select(path) {
    const turn = this.#turn;
    if (this.item) await this.#open([path].flat()).catch((error) => turn === this.#turn && this.#fail(error));
  }

  /**
   * Show the neighbour of what is seen.
   * @param {number} by
   */
  step(by) {
    const number = (this.path.at(-1) ?? 0) + by;
    if (this.#siblings[number]) this.select([...this.path.slice(0, -1), number]);
  }

  get #siblings() {
    return itemAt(this.item, this.path.slice(0, -1))?.items ?? [];
  }

  #label() {
    const number = this.path.at(-1) ?? 0;
    return labelOf(this.#leaf, number, this.#stage.words);
  }

  /** Show what a path leads to; `keep` looks at the same part as before. */
  async #open(path, keep = false) {
    const stage = this.#stage;
    this.path = completed(this.item, path);
    const leaf = itemAt(this.item, this.path);
    this.#leaf = leaf;
    this.#listStrips();
    stage.replace();
    stage.flyout.close();
    stage.controls.pages(this.path.at(-1) ?? 0, this.#siblings.length);
    if (!keep) stage.adorn([], []);
    try {
      if (leaf.kind === "picture") await this.#showPicture(leaf, keep);
      else if (leaf.kind === "spin") await this.#showSpin(leaf, keep);
      else this.#showContent(leaf);
    } catch (error) {
      if (this.#leaf === leaf) throw error; // else it is no longer wanted
    }
  }

  async #showPicture(leaf, keep) {
    const [stage, { picture }] = [this.#stage, leaf];
    stage.turns(null);
    if (!(await stage.plane.show(picture, keep)) || this.#leaf !== leaf) return;
    this.#shown();
    await picture.measure().catch(() => undefined);
    const [areas, targets] = await Promise.all([picture.map(), picture.targets()]);
    if (this.#leaf === leaf) stage.adorn(areas, targets);
  }

  async #showSpin(leaf, keep) {
    const [stage, before] = [this.#stage, this.#stage.spin];
    const spin = new Spin(leaf.rows, {
      shown: (picture, bitmap) => this.#leaf === leaf && this.#turned(spin, picture, bitmap),
      stale: () => this.refresh(),
      turning: (turning) => stage.controls.turning(turning),
    });
    if (keep && before) spin.turn(before.column, before.row - spin.row);
    const turned = before?.isTurning;
    stage.adorn([], []);
    stage.busy(true);
    await stage.plane.sized();
    const [all] = await spin.load(stage.plane.wanted);
    if (this.#leaf !== leaf) return spin.close();
    stage.turns(spin);
    spin.turn(0);
    this.#shown();
    all.then(() => stage.spin === spin && this.#tell("is-spin-ready", { frames: spin.frames, rows: spin.rows.length }));
    if (keep ? turned : this.hasAttribute("autospin") && !CALM.matches) this.play();
  }

  /** A frame of a spin is seen. */
  #turned(spin, picture, bitmap) {
    const { plane, controls, words } = this.#stage;
    plane.put(picture, bitmap, { keep: true });
    controls.frame(spin.column, `${words.frame} ${spin.column + 1} / ${spin.frames}`);
    this.#tell("is-turn", { column: spin.column, row: spin.row });
  }

  /** Show what is no picture. */
  #showContent(leaf) {
    const stage = this.#stage;
    stage.clear();
    if (leaf.kind === "set") throw new Error(stage.words.empty);
    const [src, label] = [leaf.url, this.#label()];
    const film = { controls: true, playsinline: true, preload: "metadata", part: "video", "aria-label": label };
    stage.replace(
      leaf.kind === "video"
        ? make("video", { src, ...film })
        : make(
            "a",
            { href: src, class: "file", part: "file", target: "_blank", rel: "noopener" },
            `${stage.words.file}: ${label}`,
          ),
    );
    this.#shown();
  }

  #shown() {
    const [stage, label, number] = [this.#stage, this.#label(), this.path.at(-1) ?? 0];
    stage.busy(false);
    this.#arrange();
    if (this.#siblings.length > 1) stage.said.textContent = `${label} (${number + 1} / ${this.#siblings.length})`;
    const { name, kind, picture } = this.#leaf;
    this.#tell("is-load", { name, label, kind, version: picture?.version ?? "", path: [...this.path] });
  }

  /** One strip for each set on the way to what is seen. */
  #listStrips() {
    const paths = this.path.map((_, depth) => this.path.slice(0, depth));
    const sets = paths
      .map((path) => ({ path, set: itemAt(this.item, path) }))
      .filter(({ set }) => set.items.length > 1);
    if (sets.length !== this.#strips.length || sets.some(({ set }, at) => set !== this.#strips[at].set)) {
      this.#strips = sets.map(
        ({ path, set }) => new Strip(set, this.#stage.words, (number) => this.select([...path, number])),
      );
      this.strips.replaceChildren(...this.#strips.map((strip) => strip.element));
    }
    for (const [at, { path }] of sets.entries()) this.#strips[at].mark(this.path[path.length]);
  }

  /** Tell what failed, and offer to try again. */
  #fail(error) {
    const stage = this.#stage;
    const again = make("button", { type: "button", onclick: () => this.#begin() }, stage.words.again);
    const text = [make("p", {}, stage.words.failed), make("p", { class: "reason" }, error.message)];
    stage.clear();
    stage.replace(make("div", { class: "failure", part: "failure", role: "alert" }, ...text, again));
    stage.busy(false);
    this.#tell("is-error", { message: error.message });
  }

  #tell(name, detail) {
    return this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: true }));
  }

  /** Show the whole picture. */
  fit() {
    this.#stage.fit();
  }

  /**
   * Zoom until a pixel of the picture takes so many of the screen; 1 is the full size.
   * @param {number} scale
   */
  zoomTo(scale) {
    this.#stage.zoomBy(scale / this.view.scale);
  }

  /**
   * Zoom to a part of the picture, in its pixels.
   * @param {import("./picture.js").Box} box
   */
  show(box) {
    this.#stage.show(box);
  }

  /**
   * Zoom to a target.
   * @param {number} number from 0
   */
  showTarget(number) {
    this.#stage.showTarget(number);
  }

  /**
   * Turn a spin set by itself.
   * @param {number} [seconds] once around
   */
  play(seconds = Number(this.getAttribute("autospin")) || USUAL_TURN) {
    this.#stage.spin?.start(Math.max(SHORTEST, seconds));
  }

  pause() {
    this.#stage.spin?.stop();
  }

  /**
   * Turn a spin set by frames.
   * @param {number} columns
   * @param {number} [rows]
   */
  turn(columns, rows = 0) {
    this.#stage.turn(columns, rows);
  }

  /** Fill the screen, or the window where a page may not do more; or no longer. */
  async toggleFullscreen() {
    const expanded = this.classList.contains("expanded");
    if (document.fullscreenElement) await document.exitFullscreen();
    else if (expanded || !this.requestFullscreen) this.classList.toggle("expanded", !expanded);
    else await this.requestFullscreen().catch(() => this.classList.add("expanded"));
    this.#screened();
  }

  #screened = () => {
    const stage = this.#stage;
    stage.isFull = this.matches(":fullscreen, .expanded");
    stage.controls.full(stage.isFull);
  };

  #keepFresh() {
    clearInterval(this.#timer);
    const seconds = Number(this.getAttribute("refresh"));
    if (seconds > 0)
      this.#timer = setInterval(() => document.hidden || this.refresh(), Math.max(SHORTEST, seconds) * 1000);
  }

  /**
   * Ask the server whether there is something new, and show it; what is seen stays until then, and the part looked at.
   * @returns {Promise<boolean>} whether there was
   */
  refresh() {
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  async #renew() {
    const turn = this.#turn;
    if (!this.item) return this.#begin().then(() => this.item !== null);
    try {
      const item = await this.#ask(true);
      if ((await this.#isSame(item)) || turn !== this.#turn) return false;
      this.item = item;
      this.#stage.flyout.forget();
      await this.#open(this.path, true);
      this.#stage.said.textContent = this.#stage.words.renewed;
      this.#tell("is-refresh", { version: picturesOf(item)[0]?.version ?? "" });
      return true;
    } catch (error) {
      if (turn !== this.#turn) return false;
      if (error instanceof Refused) this.#fail(error);
      else this.#tell("is-error", { message: error.message });
      return false;
    }
  }

  /** Whether a set is the one that is shown, in all versions, also of what is written about what is seen. */
  async #isSame(item) {
    const [seen, own] = [this.#leaf?.picture, itemAt(item, this.path)?.picture];
    if (seen?.metadata && own) await own.measure(true).catch(() => undefined);
    const [now, then] = [picturesOf(item), picturesOf(this.item)];
    return now.length === then.length && now.every((picture, at) => picture.equals(then[at]));
  }
}

/** Read `2` or `1.0`. @param {string|null} text */
function pathOf(text) {
  return text ? text.split(".").map(Number) : [];
}

if (!customElements.get("is-viewer")) customElements.define("is-viewer", Viewer);
