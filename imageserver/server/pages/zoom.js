// Deep zoom: a picture as tiles of `scl=` levels, cut by `rect=`; `id=` lets the browser keep them for ever.

import { urlOf } from "./protocol.js";

const TILE = 512;
const MOST_TILES = 300;
const CLOSEST = 4;
const dialog = document.getElementById("zoom");
const plane = dialog.querySelector(".plane");
const readout = dialog.querySelector(".readout");
const pointers = new Map();
let picture = null;
let view = { x: 0, y: 0, scale: 1 };
let tiles = new Map();

/** Show the whole picture; `view` says which point of it is at the left top corner, and how large a pixel is. */
export function openZoom(base, size, version) {
  const deepest = Math.max(0, Math.ceil(Math.log2(Math.max(size.width, size.height) / TILE)));
  picture = { base, version, deepest, ...size };
  plane.replaceChildren();
  tiles = new Map();
  pointers.clear();
  dialog.showModal();
  fit();
  plane.focus();
}

function fit() {
  const [width, height] = [plane.clientWidth, plane.clientHeight];
  const scale = Math.min(1, width / picture.width, height / picture.height);
  view = { x: 0, y: 0, scale };
  update();
}

/** Zoom so that the point under (x, y) stays there. */
function zoomAt(factor, x = plane.clientWidth / 2, y = plane.clientHeight / 2) {
  const least = Math.min(1, plane.clientWidth / picture.width, plane.clientHeight / picture.height);
  const scale = Math.min(CLOSEST, Math.max(least, view.scale * factor));
  view = { x: view.x + x / view.scale - x / scale, y: view.y + y / view.scale - y / scale, scale };
  update();
}

function pan(x, y) {
  view = { ...view, x: view.x - x / view.scale, y: view.y - y / view.scale };
  update();
}

/** Keep the picture in the window, in its middle where it is the smaller. */
function bounded(start, length, window) {
  return length <= window ? (length - window) / 2 : Math.min(Math.max(0, start), length - window);
}

function update() {
  const [width, height] = [plane.clientWidth / view.scale, plane.clientHeight / view.scale];
  view.x = bounded(view.x, picture.width, width);
  view.y = bounded(view.y, picture.height, height);
  const wanted = Math.floor(Math.log2(1 / (view.scale * devicePixelRatio)) + 0.01);
  const level = Math.min(picture.deepest, Math.max(0, wanted));
  for (const one of new Set([picture.deepest, level])) addTiles(one, width, height);
  for (const [key, tile] of tiles) place(key, tile, level);
  const region = [view.x, view.y].map((value) => Math.max(0, Math.round(value)));
  const extent = [Math.min(width, picture.width), Math.min(height, picture.height)].map(Math.round);
  readout.textContent = `${Math.round(view.scale * 100)} %  scl=${2 ** level}  rgn=${[...region, ...extent]}`;
}

/** Ask for the tiles of a level that can be seen. */
function addTiles(level, width, height) {
  const step = TILE * 2 ** level;
  const [columns, rows] = [picture.width, picture.height].map((side) => Math.ceil(levelSide(side, level) / TILE));
  for (let row = Math.max(0, Math.floor(view.y / step)); row < Math.min(rows, (view.y + height) / step); row++) {
    for (let column = Math.max(0, Math.floor(view.x / step)); column < Math.min(columns, (view.x + width) / step); column++) {
      const key = `${level},${column},${row}`;
      if (!tiles.has(key)) tiles.set(key, addTile(level, column * TILE, row * TILE));
    }
  }
}

function levelSide(side, level) {
  return Math.max(1, Math.round(side / 2 ** level));
}

function addTile(level, x, y) {
  const width = Math.min(TILE, levelSide(picture.width, level) - x);
  const height = Math.min(TILE, levelSide(picture.height, level) - y);
  const image = new Image();
  image.alt = "";
  image.draggable = false;
  image.src = urlOf(picture.base, `req=tile&scl=${2 ** level}&rect=${x},${y},${width},${height}&fmt=jpg`, picture.version);
  plane.append(image);
  return { image, x, y, width, height, level };
}

/** Put a tile where it belongs; a finer one than the level shown is let go, and one out of sight when there are many. */
function place(key, tile, level) {
  const { image } = tile;
  const size = 2 ** tile.level * view.scale;
  const [left, top] = [(tile.x * 2 ** tile.level - view.x) * view.scale, (tile.y * 2 ** tile.level - view.y) * view.scale];
  const [right, bottom] = [left + tile.width * size, top + tile.height * size];
  const away = right < 0 || bottom < 0 || left > plane.clientWidth || top > plane.clientHeight;
  if (tile.level !== picture.deepest && (tile.level < level || (away && tiles.size > MOST_TILES))) {
    image.remove();
    tiles.delete(key);
    return;
  }
  image.style.zIndex = picture.deepest - tile.level;
  image.style.left = `${Math.round(left)}px`;
  image.style.top = `${Math.round(top)}px`;
  image.style.width = `${Math.round(right) - Math.round(left)}px`;
  image.style.height = `${Math.round(bottom) - Math.round(top)}px`;
}

const ACTIONS = { in: () => zoomAt(1.5), out: () => zoomAt(1 / 1.5), fit, close: () => dialog.close() };
const KEYS = {
  "+": ACTIONS.in, "=": ACTIONS.in, "-": ACTIONS.out, "0": fit,
  ArrowLeft: () => pan(80, 0), ArrowRight: () => pan(-80, 0), ArrowUp: () => pan(0, 80), ArrowDown: () => pan(0, -80),
};

dialog.addEventListener("click", (event) => ACTIONS[event.target.dataset.act]?.());
dialog.addEventListener("close", () => plane.replaceChildren());
dialog.addEventListener("keydown", (event) => {
  if (!KEYS[event.key] || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  KEYS[event.key]();
});
plane.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoomAt(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), event.offsetX, event.offsetY);
}, { passive: false });
plane.addEventListener("dblclick", (event) => zoomAt(2, event.offsetX, event.offsetY));
plane.addEventListener("pointerdown", (event) => {
  plane.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, event);
});
for (const end of ["pointerup", "pointercancel"]) {
  plane.addEventListener(end, (event) => pointers.delete(event.pointerId));
}
plane.addEventListener("pointermove", (event) => {
  const before = pointers.get(event.pointerId);
  if (!before) return;
  const other = [...pointers.values()].find((one) => one.pointerId !== event.pointerId);
  if (other) {
    const distance = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    zoomAt(distance(event) / Math.max(1, distance(before)), other.clientX, other.clientY);
  } else {
    pan(event.clientX - before.clientX, event.clientY - before.clientY);
  }
  pointers.set(event.pointerId, event);
});
new ResizeObserver(() => picture && dialog.open && update()).observe(plane);
