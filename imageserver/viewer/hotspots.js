// Hot spots: the areas of a picture's map as links that move with it; zoom targets as buttons.

import { draw, make } from "./dom.js";

const CORNERS = 3;

/** @typedef {import("./picture.js").Box} Box */

export class Hotspots {
  /**
   * @param {string} label
   * @param {{pressed: (area: Record<string, string>) => boolean, focused: (box: Box) => void}} listener `pressed` tells
   *   whether the link is to be followed
   */
  constructor(label, listener) {
    this.listener = listener;
    this.element = draw("svg", {
      class: "hotspots",
      part: "hotspots",
      role: "group",
      "aria-label": label,
      hidden: true,
    });
  }

  /**
   * Show areas: for keys and screen readers in the order in which they are written, for pointers the first one in front.
   * @param {Record<string, string>[]} areas front to back
   */
  show(areas) {
    const links = areas.flatMap((area) => this.#link(area, { tabindex: 0 }) ?? []);
    const pointed = areas
      .toReversed()
      .flatMap((area) => this.#link(area, { tabindex: -1, "aria-hidden": "true" }) ?? []);
    this.element.replaceChildren(draw("g", { class: "keyed" }, ...links), draw("g", { class: "pointed" }, ...pointed));
    this.element.toggleAttribute("hidden", !links.length);
  }

  /** A link over an area, unless it has no shape. */
  #link(area, attributes) {
    const numbers = (area.coords ?? "").split(",").map(Number);
    const points = area.shape?.startsWith("rect") && numbers.length === 4 ? corners(numbers) : numbers;
    if (points.length < 2 * CORNERS || points.some((number) => !Number.isFinite(number))) return null;
    const [xs, ys] = [points.filter((_, at) => at % 2 === 0), points.filter((_, at) => at % 2)];
    const [x, y] = [Math.min(...xs), Math.min(...ys)];
    const box = { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
    const label = area.alt || area.title || area.href || `${x},${y}`;
    const title = draw("title");
    title.textContent = label;
    const shape = draw("polygon", { points: points.join(" "), part: "hotspot" }, title);
    const link = draw("a", { ...leading(area), ...attributes, "aria-label": label }, shape);
    link.addEventListener("click", (event) => this.listener.pressed(area) || event.preventDefault());
    link.addEventListener("focus", () => link.matches(":focus-visible") && this.listener.focused(box));
    link.addEventListener(
      "keydown",
      (event) => link.hasAttribute("role") && event.key === "Enter" && this.listener.pressed(area),
    );
    return link;
  }

  /**
   * Lie where the picture lies.
   * @param {import("./view.js").View} view
   * @param {{width: number, height: number}} size
   */
  follow(view, size) {
    if (this.element.hasAttribute("hidden") || !size.width) return;
    this.element.setAttribute("viewBox", [view.x, view.y, size.width / view.scale, size.height / view.scale].join(" "));
  }
}

/** A level rectangle as a polygon. */
function corners([left, top, right, bottom]) {
  return [left, top, right, top, right, bottom, left, bottom];
}

/** The attributes of a link; what leads to something other than a page, such as a script, leads nowhere. */
function leading({ href, target }) {
  const url = href && URL.canParse(href, document.baseURI) ? new URL(href, document.baseURI) : null;
  if (!url || !/^(https?|mailto|tel):$/.test(url.protocol)) return { role: "button" };
  return { href: url.href, ...(target ? { target, rel: "noopener" } : {}) };
}

/**
 * The buttons of zoom targets.
 * @param {(Box & {label: string})[]} targets
 * @param {(number: number) => void} chosen
 */
export function targetButtons(targets, chosen) {
  return targets.map(({ label }, number) =>
    make("button", { type: "button", part: "target", class: "target", onclick: () => chosen(number) }, label),
  );
}
