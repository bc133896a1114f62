// A strip of thumbnails and swatches, of which one is chosen: by pointer, by arrows, in the direction of the script.

import { make } from "./dom.js";
import { labelOf, picturesOf } from "./set.js";

/** @typedef {import("./set.js").Item} Item */

export class Strip {
  /**
   * @param {Item} set
   * @param {import("./controls.js").Words} words
   * @param {(number: number) => void} chosen
   */
  constructor(set, words, chosen) {
    this.set = set;
    this.chosen = chosen;
    this.buttons = set.items.map((item, number) => this.#button(item, labelOf(item, number, words), number));
    const label = set.label || words.pictures;
    this.element = make("div", { class: "strip", part: "strip", role: "group", "aria-label": label }, ...this.buttons);
    this.element.addEventListener("keydown", (event) => this.#key(event));
  }

  #button(item, label, number) {
    const face = item.swatch?.color ? colored(item.swatch.color) : thumbnail(item);
    const kind = item.kind === "picture" ? "" : item.kind;
    return make(
      "button",
      {
        type: "button",
        part: "thumbnail",
        "aria-label": label,
        title: label,
        "data-kind": kind,
        onclick: () => this.chosen(number),
      },
      face,
    );
  }

  /** @param {number} number */
  mark(number) {
    for (const [at, button] of this.buttons.entries()) {
      button.setAttribute("aria-pressed", String(at === number));
      button.tabIndex = at === number ? 0 : -1;
    }
    const [element, button] = [this.element, this.buttons[number]];
    element.scrollTo({ left: button.offsetLeft - (element.clientWidth - button.offsetWidth) / 2, behavior: "instant" });
  }

  #key(event) {
    const onward = getComputedStyle(this.element).direction === "rtl" ? -1 : 1;
    const steps = { ArrowRight: onward, ArrowLeft: -onward, ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
    if (!(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const at = this.buttons.indexOf(event.target.closest("button")) + steps[event.key];
    const number = Math.min(this.buttons.length - 1, Math.max(0, at));
    this.buttons[number].focus();
    this.chosen(number);
  }
}

function colored(color) {
  const face = make("span", { class: "color" });
  face.style.background = color;
  return face;
}

/** The thumbnail that the server makes, at twice the size that is usual, for fine screens. */
function thumbnail(item) {
  const picture = item.swatch?.picture ?? picturesOf(item)[0];
  if (!picture) return make("span", { class: "nothing" });
  return make("img", { src: picture.thumbnail(128), alt: "", loading: "lazy", decoding: "async", draggable: "false" });
}
