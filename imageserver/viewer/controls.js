// The buttons on the picture, and what the viewer says; a page in another language gives its own words.

import { icon, iconButton, make } from "./dom.js";

/** @typedef {typeof ENGLISH} Words */

const ENGLISH = {
  picture: "Picture",
  help: "Drag or use the arrow keys to move; plus, minus and the wheel zoom; 0 shows the whole, 1 the full size.",
  spinHelp: "Drag or use the arrow keys to turn; plus, minus and the wheel zoom; 0 shows the whole picture.",
  in: "Zoom in",
  out: "Zoom out",
  whole: "Whole picture",
  full: "Full screen",
  small: "Leave full screen",
  next: "Next picture",
  previous: "Previous picture",
  play: "Turn by itself",
  pause: "Stop turning",
  turn: "Turn",
  frame: "View",
  pictures: "Pictures",
  targets: "Details",
  hotspots: "Hot spots",
  controls: "Controls of the picture",
  failed: "The picture cannot be shown.",
  again: "Try again",
  empty: "There is nothing to show.",
  renewed: "The picture was renewed.",
  file: "Open the file",
};

/**
 * The words, with those that a page has of its own.
 * @param {Partial<Words>} own
 * @returns {Words}
 */
export function wordsOf(own) {
  return { ...ENGLISH, ...own };
}

/** @typedef {"in"|"out"|"whole"|"full"|"previous"|"next"|"play"} Act */

export class Controls {
  /**
   * @param {import("./controls.js").Words} words
   * @param {Record<Act, () => void> & {turn: (column: number) => void}} acts
   */
  constructor(words, acts) {
    this.words = words;
    const button = (/** @type {Act} */ name) => iconButton(name, words[name], () => acts[name]());
    this.buttons = {
      in: button("in"),
      out: button("out"),
      whole: button("whole"),
      full: button("full"),
      play: button("play"),
    };
    const { play, ...bar } = this.buttons;
    this.bar = make(
      "div",
      { class: "controls", part: "controls", role: "group", "aria-label": words.controls },
      ...Object.values(bar),
    );
    this.previous = button("previous");
    this.next = button("next");
    for (const pager of [this.previous, this.next]) {
      pager.classList.add("pager");
      pager.hidden = true;
    }
    this.slider = make("input", { type: "range", min: 0, step: 1, value: 0, part: "slider", "aria-label": words.turn });
    this.slider.addEventListener("input", () => acts.turn(Number(this.slider.value)));
    this.turner = make("div", { class: "turner", part: "turner", hidden: true }, play, this.slider);
  }

  /**
   * Follow how far it is zoomed.
   * @param {boolean} least
   * @param {boolean} most
   * @param {boolean} never
   */
  view(least, most, never) {
    const { in: closer, out, whole } = this.buttons;
    this.#able(closer, !most);
    this.#able(out, !least);
    this.#able(whole, !least);
    closer.hidden = out.hidden = whole.hidden = never;
  }

  /** A button that is switched off keeps the focus, so that the keyboard stays where it is. */
  #able(button, able) {
    button.setAttribute("aria-disabled", String(!able));
  }

  /** @param {boolean} isFull */
  full(isFull) {
    this.#show(this.buttons.full, isFull ? "small" : "full");
  }

  /** Let a button do, or undo, what it did. */
  #show(button, name) {
    button.replaceChildren(icon(name));
    button.title = this.words[name];
    button.setAttribute("aria-label", this.words[name]);
  }

  /** @param {number} at @param {number} count */
  pages(at, count) {
    this.previous.hidden = this.next.hidden = count < 2;
    this.#able(this.previous, at > 0);
    this.#able(this.next, at < count - 1);
  }

  /** @param {{frames: number}|null} spin */
  spin(spin) {
    this.turner.hidden = !spin;
    if (spin) this.slider.max = String(spin.frames - 1);
  }

  /** @param {number} column @param {string} text */
  frame(column, text) {
    this.slider.value = String(column);
    this.slider.setAttribute("aria-valuetext", text);
  }

  /** @param {boolean} turning */
  turning(turning) {
    this.#show(this.buttons.play, turning ? "pause" : "play");
  }
}
