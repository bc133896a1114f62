// Sets: what `req=set,json` says, as a tree of pictures, spins, films and sets of them.

import { Picture } from "./picture.js";
import { ask, urlOf } from "./protocol.js";

const ROW_TYPES = new Set(["spin"]);

/**
 * @typedef {object} Item
 * @property {"picture"|"spin"|"set"|"video"|"file"} kind
 * @property {string} name
 * @property {string} label
 * @property {Swatch|null} swatch
 * @property {Picture} [picture]
 * @property {Picture[][]} [rows] the frames of a spin, row by row
 * @property {Item[]} [items] of a set
 * @property {string} [url] of a video or file
 * @property {{name: string, width: number, height: number}[]} [crops] of a single picture
 */
/** @typedef {{color?: string, picture?: Picture}} Swatch */
/** @typedef {{root: string, commands: string, versions: Map<string, string>}} Place what is known of all names */

/**
 * Ask for a set. A crop, or a record that is asked for with commands, is one picture of which only itself is known.
 * @param {import("./protocol.js").Source} source
 * @param {{commands?: string, labelKey?: string, fresh?: boolean, signal?: AbortSignal}} options
 * @returns {Promise<Item>}
 */
export async function askSet({ root, name, commands }, { commands: more = "", labelKey = "", ...options }) {
  const all = [commands, more].filter(Boolean).join("&");
  const [record, crop] = name.split(":");
  const { set } = await ask(urlOf(root, record, "req=set,json", labelKey && `labelkey=${labelKey}`), options);
  const item = {
    ...readSet(set, { root, commands: all, versions: new Map() }),
    crops: listed(set?.relation).map(readCrop),
  };
  const size = crop ? item.crops.find((one) => one.name === crop) : item.picture;
  if (!crop && (!commands || !size)) return item;
  const { label } = item;
  const { width, height } = size ?? {}; // targets are those of the whole picture
  const picture = new Picture({ root, name, commands: all, label, width, height, hasTargets: !crop });
  return { kind: "picture", name, label, swatch: null, picture };
}

/**
 * Read a set; one with a single member is that member.
 * @param {any} set
 * @param {Place} place
 * @returns {Item}
 */
export function readSet(set, place) {
  const described = set?.userdata?.title ?? "";
  if (!set || set.type === "empty")
    return { kind: "set", name: set?.n ?? "", label: described, swatch: null, items: [] };
  if (ROW_TYPES.has(set.type)) return readSpin(set, place, described);
  const items = listed(set.item).map((item) => readItem(item, place));
  const flat = set.type === "ecat" ? items.flatMap((item) => (item.kind === "set" ? item.items : [item])) : items;
  if (flat.length === 1) return { ...flat[0], label: flat[0].label || described };
  return { kind: "set", name: set.n ?? "", label: described, swatch: null, items: flat };
}

/** @returns {Item} */
function readSpin(set, place, label) {
  const items = listed(set.item);
  const rows = items.some((item) => item.set) ? items.map((item) => listed(item.set?.item ?? item)) : [items];
  const pictures = rows.map((row) => row.filter((item) => item.i).map((item) => readPicture(item, place)));
  const full = pictures.filter((row) => row.length);
  const item = { name: set.n ?? "", label, swatch: null };
  return full.length ? { kind: "spin", ...item, rows: full } : { kind: "set", ...item, items: [] };
}

/** @returns {Item} */
function readItem(item, place) {
  const own = bare(item, place);
  const label = item.s?.l || item.i?.l || own.label || own.picture?.label || "";
  return { ...own, label, swatch: readSwatch(item, place, own) };
}

/** Read an item without its swatch. @returns {Item} */
function bare(item, place) {
  if (item.set) return readSet(item.set, place);
  if (item.i) return { kind: "picture", name: item.i.n, label: "", swatch: null, picture: readPicture(item, place) };
  const content = place.root.replace(/image\/$/, "content/");
  const label = item.userdata?.title ?? "";
  const url = urlOf(content, item.v?.path ?? item.n ?? "");
  return { kind: item.v ? "video" : "file", name: item.n ?? "", label, swatch: null, url };
}

/** @returns {Picture} */
function readPicture(item, { root, commands, versions }) {
  versions.set(item.i.n, item.iv);
  return new Picture({
    root,
    name: item.i.n,
    commands: [item.i.mod, commands].filter(Boolean).join("&"),
    version: item.iv,
    width: Number(item.dx) || 0,
    height: Number(item.dy) || 0,
    label: item.i.l || item.userdata?.title || "",
    hasMap: Boolean(item.map || item.mapsuppressed),
    hasTargets: Boolean(item.targets || item.userdatasuppressed),
  });
}

function readCrop({ userdata }) {
  return {
    name: userdata.SmartCropDef,
    width: Number(userdata.SmartCropWidth),
    height: Number(userdata.SmartCropHeight),
  };
}

/** Read a swatch; an item without one is its own. */
function readSwatch(item, { root, versions }, own) {
  if (item.s?.c) return { color: `#${item.s.c.replace(/^0x/i, "").slice(0, 6)}` };
  const shown = picturesOf(own)[0];
  if (!item.s?.n) return shown ? { picture: shown } : null;
  if (item.s.n === shown?.name) return { picture: shown };
  return {
    picture: new Picture({ root, name: item.s.n, commands: item.s.mod ?? "", version: versions.get(item.s.n) }),
  };
}

/** What is a list when there are more of them. */
function listed(value) {
  return value === undefined ? [] : [value].flat();
}

/**
 * @param {Item|null|undefined} item
 * @param {number[]} path
 * @returns {Item|undefined}
 */
export function itemAt(item, path) {
  return path.reduce((at, number) => at?.items?.[number], item);
}

/** All pictures of an item, in their order. @param {Item} item @returns {Picture[]} */
export function picturesOf(item) {
  if (item.items) return item.items.flatMap(picturesOf);
  return item.rows?.flat() ?? (item.picture ? [item.picture] : []);
}

/**
 * A path that leads to something that is no set: as far as it is right, and by first items from there.
 * @param {Item} item
 * @param {number[]} path
 */
export function completed(item, path) {
  const result = [];
  for (let at = item; at.items?.length; at = at.items[result.at(-1)]) {
    const number = path[result.length];
    result.push(at.items[number] ? number : 0);
  }
  return result;
}

/** What an item is called. @param {Item} item @param {number} number @param {{picture: string}} words */
export function labelOf(item, number, words) {
  return item.label || picturesOf(item)[0]?.label || `${words.picture} ${number + 1}`;
}
