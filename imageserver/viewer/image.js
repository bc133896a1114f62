// <is-image src="/is/image/catalog/record" alt="…">: an image in the size and crop that fits, of the current version.

import { readSource, urlOf } from "./protocol.js";
import { askSet, picturesOf } from "./set.js";

const WIDTHS = [160, 240, 320, 480, 640, 800, 1040, 1280, 1600, 2000];
const MOST_WIDTH = 2000;
const PLACEHOLDER = "wid=24&hei=24&fit=constrain&qlt=40";
const NEAR = "400px";
const SHEET = new CSSStyleSheet();
SHEET.replaceSync(
  ":where(is-image) { display: block } :where(is-image img) { display: block; max-width: 100%; height: auto }",
);

/** @typedef {import("./picture.js").Picture} Picture */
/** @typedef {{name: string, media: string, width: number, height: number}} Crop */

export class ResponsiveImage extends HTMLElement {
  static observedAttributes = ["src", "alt", "sizes", "widths", "crops", "commands", "width", "height"];

  /** @type {HTMLImageElement|null} */
  image = null;
  #turn = 0;
  #near = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && this.#begin(), {
    rootMargin: NEAR,
  });
  #size = new ResizeObserver(() => this.#measure());

  connectedCallback() {
    const root = /** @type {Document|ShadowRoot} */ (this.getRootNode());
    if (!root.adoptedStyleSheets.includes(SHEET)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, SHEET];
    this.image = this.querySelector("img") ?? document.createElement("img");
    if (!this.image.isConnected) this.append(this.image);
    this.image.decoding = "async";
    if (this.getAttribute("loading") === "eager") this.#begin();
    else this.#near.observe(this);
    this.#size.observe(this);
  }

  disconnectedCallback() {
    this.#turn++;
    this.#near.disconnect();
    this.#size.disconnect();
  }

  attributeChangedCallback(name, before, after) {
    if (this.#turn && before !== after) this.#begin();
  }

  /** Ask what there is of the picture, and offer the browser all sizes of it to choose from. */
  async #begin() {
    this.#near.disconnect();
    const turn = ++this.#turn;
    try {
      const source = readSource(this.getAttribute("src") ?? "");
      const item = await askSet(source, { commands: this.getAttribute("commands") ?? "" });
      const picture = picturesOf(item)[0];
      if (!picture) throw new Error(`${source.name}: there is nothing to show`);
      if (!picture.version) await picture.measure();
      if (turn === this.#turn) this.#offer(picture, this.#crops(item.crops ?? []));
    } catch (error) {
      if (turn === this.#turn)
        this.dispatchEvent(new CustomEvent("is-error", { detail: { message: error.message }, bubbles: true }));
    }
  }

  /**
   * Read `square (max-width: 600px), wide (min-width: 1200px)`: crops, and when they are shown.
   * @param {{name: string, width: number, height: number}[]} known
   * @returns {Crop[]}
   */
  #crops(known) {
    const written = [...(this.getAttribute("crops") ?? "").matchAll(/([^\s,(]+)\s+((?:\([^)]*\)|[^,(])+)/g)];
    return written.flatMap(([, name, media]) => {
      const crop = known.find((one) => one.name === name);
      return crop ? [{ ...crop, media: media.trim() }] : [];
    });
  }

  /**
   * @param {Picture} picture
   * @param {Crop[]} crops
   */
  #offer(picture, crops) {
    const { image } = this;
    image.alt = this.getAttribute("alt") ?? image.alt;
    const outer = document.createElement("picture");
    const sources = crops.map(({ name, media, width, height }) => {
      const source = document.createElement("source");
      Object.assign(source, { media, width, height, srcset: this.#sources(picture, `${picture.name}:${name}`, width) });
      return source;
    });
    const old = image.closest("picture");
    (old ?? image).replaceWith(outer);
    outer.append(...sources, image);
    this.#hold(picture);
    this.#measure();
    image.width = Number(this.getAttribute("width")) || picture.width;
    image.height = Number(this.getAttribute("height")) || Math.round((image.width * picture.height) / picture.width);
    image.srcset = this.#sources(picture, picture.name, picture.width);
    image.src = sourceOf(picture, picture.name, Math.min(picture.width, MOST_WIDTH, 800));
    this.dispatchEvent(
      new CustomEvent("is-ready", { detail: { name: picture.name, version: picture.version }, bubbles: true }),
    );
  }

  /** The sizes of a picture: each as wide as it says, as none is wider than the picture itself. */
  #sources(picture, name, width) {
    const most = Math.min(width, MOST_WIDTH);
    const own = (this.getAttribute("widths") ?? "")
      .split(",")
      .map(Number)
      .filter((one) => one > 0);
    const widths = (own.length ? own : WIDTHS).filter((one) => one < most);
    if (!own.length || own.some((one) => one >= most)) widths.push(most);
    return widths.map((one) => `${sourceOf(picture, name, one)} ${one}w`).join(", ");
  }

  /** Show a coarse picture of a few bytes until the fine one is there. */
  #hold(picture) {
    const { image } = this;
    if (this.getAttribute("placeholder") === "none" || (image.complete && image.naturalWidth)) return;
    image.style.background = `center / cover no-repeat url("${picture.url(PLACEHOLDER)}")`;
    const done = () => (image.style.background = "");
    image.addEventListener("load", done, { once: true });
  }

  /** Say how wide the image is shown, where the page does not. */
  #measure() {
    if (!this.image) return;
    const sizes =
      this.getAttribute("sizes") || `${Math.max(1, Math.round(this.clientWidth || this.image.clientWidth))}px`;
    const all = [...this.querySelectorAll("source"), this.image];
    for (const one of all) if (one.sizes !== sizes) one.sizes = sizes;
  }
}

/** The URL of a width, without commas: they separate what stands in a `srcset`. */
function sourceOf(picture, name, width) {
  const version = picture.version && `id=${picture.version}`;
  return urlOf(picture.root, name, picture.commands, `wid=${width}`, version).replaceAll(",", "%2C");
}

if (!customElements.get("is-image")) customElements.define("is-image", ResponsiveImage);
