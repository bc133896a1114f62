// Which part of a picture is seen, and how large: `x`, `y` is the point of the picture at the left top corner of the
// element, `scale` how many pixels of the page a pixel of the picture takes. Values, never changed.

/** @typedef {{x: number, y: number, scale: number}} View */
/** @typedef {{width: number, height: number}} Size */

/**
 * The whole picture, in the middle, not enlarged.
 * @param {Size} picture
 * @param {Size} element
 * @returns {View}
 */
export function whole(picture, element) {
  return within({ x: 0, y: 0, scale: leastScale(picture, element) }, picture, element);
}

/**
 * @param {Size} picture
 * @param {Size} element
 */
export function leastScale(picture, element) {
  return Math.min(1, element.width / picture.width, element.height / picture.height);
}

/**
 * Zoom so that the point of the element stays where it is.
 * @param {View} view
 * @param {number} scale
 * @param {{x: number, y: number}} point
 * @returns {View}
 */
export function zoomed(view, scale, point) {
  return {
    x: view.x + point.x / view.scale - point.x / scale,
    y: view.y + point.y / view.scale - point.y / scale,
    scale,
  };
}

/**
 * Move by pixels of the page.
 * @param {View} view
 * @returns {View}
 */
export function panned(view, x, y) {
  return { ...view, x: view.x - x / view.scale, y: view.y - y / view.scale };
}

/**
 * Show a rectangle of the picture as large as it fits.
 * @param {import("./picture.js").Box} box
 * @param {Size} element
 * @param {number} most
 * @returns {View}
 */
export function framed(box, element, most) {
  const scale = Math.min(most, element.width / box.width, element.height / box.height);
  return {
    x: box.x + box.width / 2 - element.width / 2 / scale,
    y: box.y + box.height / 2 - element.height / 2 / scale,
    scale,
  };
}

/**
 * Keep the picture in the element, in its middle where it is the smaller.
 * @param {View} view
 * @param {Size} picture
 * @param {Size} element
 * @returns {View}
 */
export function within(view, picture, element) {
  const { scale } = view;
  return {
    x: bounded(view.x, picture.width, element.width / scale),
    y: bounded(view.y, picture.height, element.height / scale),
    scale,
  };
}

function bounded(start, length, window) {
  return length <= window ? (length - window) / 2 : Math.min(Math.max(0, start), length - window);
}

/**
 * A view between two others; the way looks steady when the scale grows by equal factors.
 * @param {View} from
 * @param {View} to
 * @param {number} share from 0 to 1
 * @param {Size} element
 * @returns {View}
 */
export function between(from, to, share, element) {
  const scale = from.scale * (to.scale / from.scale) ** share;
  const middle = (view, axis, side) => view[axis] + element[side] / 2 / view.scale;
  const moved =
    Math.abs(to.scale - from.scale) < 1e-9 ? share : (1 / from.scale - 1 / scale) / (1 / from.scale - 1 / to.scale);
  const at = (axis, side) => {
    const [start, end] = [middle(from, axis, side), middle(to, axis, side)];
    return start + (end - start) * moved - element[side] / 2 / scale;
  };
  return { x: at("x", "width"), y: at("y", "height"), scale };
}
