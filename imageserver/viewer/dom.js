// Elements and icons, made without markup in texts: pages may forbid that.

const SVG = "http://www.w3.org/2000/svg";

/** The lines of icons, in a square of 24. */
const ICONS = {
  in: "M12 5v14M5 12h14",
  out: "M5 12h14",
  whole: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  full: "M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7",
  small: "M20 4l-7 7M13 5v6h6M4 20l7-7M11 19v-6H5",
  next: "M9 5l7 7-7 7",
  previous: "M15 5l-7 7 7 7",
  play: "M8 5l11 7-11 7z",
  pause: "M8 5v14M16 5v14",
};

/**
 * Make an element. `on…` are listeners, `part` names it for style sheets of pages, the rest are attributes.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node|string)} children
 * @returns {any}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  set(element, attributes);
  element.append(...children);
  return element;
}

/**
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...Node} children
 * @returns {any}
 */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  set(element, attributes);
  element.append(...children);
  return element;
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, String(value));
  }
}

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  return draw(
    "svg",
    { viewBox: "0 0 24 24", "aria-hidden": "true", class: `icon ${name}` },
    draw("path", { d: ICONS[name] }),
  );
}

/**
 * A button with an icon.
 * @param {keyof typeof ICONS} name
 * @param {string} label
 * @param {(event: Event) => void} click
 * @returns {HTMLButtonElement}
 */
export function iconButton(name, label, click) {
  return make(
    "button",
    { type: "button", part: `button ${name}`, class: name, "aria-label": label, title: label, onclick: click },
    icon(name),
  );
}
