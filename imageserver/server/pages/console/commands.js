// Command strings: cut into pieces and put together again, and what is declared of each command.

import { PREFIX } from "./api.js";

export const DOOR = "/is/image/";

/** Load the declarations once. */
export async function declarations() {
  const { commands } = await (await fetch(`${PREFIX}/commands`)).json();
  return { list: commands, byName: new Map(commands.map((one) => [one.name.toLowerCase(), one])) };
}

/** Cut a request into its object and its pieces; what stands in brackets belongs to a request of its own. */
export function cut(request) {
  const [object, ...rest] = request.split("?");
  const pieces = [];
  let [depth, start] = [0, 0];
  const query = rest.join("?");
  const end = (at) => {
    if (at > start) pieces.push(query.slice(start, at));
    start = at + 1;
  };
  for (let at = 0; at < query.length; at += 1) {
    if ("{(".includes(query[at])) depth += 1;
    if ("})".includes(query[at])) depth = Math.max(0, depth - 1);
    if (!depth && "&?".includes(query[at])) end(at);
  }
  end(query.length);
  return { object: object.trim(), pieces };
}

export function joined({ object, pieces }) {
  return pieces.length ? `${object}?${pieces.join("&")}` : object;
}

/** Give name and value of a piece; the value is decoded for people. */
export function partsOf(piece) {
  const at = piece.indexOf("=");
  return at < 0 ? { name: piece, value: null } : { name: piece.slice(0, at), value: decoded(piece.slice(at + 1)) };
}

export function pieceOf(name, value) {
  return value === null ? name : `${name}=${encoded(value)}`;
}

/** Escape a value as far as a command string needs it. */
function encoded(value) {
  return value.replace(/[%&?#+\s]/g, (one) => encodeURIComponent(one));
}

function decoded(text) {
  try {
    return decodeURIComponent(text.replaceAll("+", " ").replace(/%(?![0-9a-f]{2})/gi, "%25"));
  } catch {
    return text;
  }
}

/** Write a request as a URL; what is escaped already stays so. */
export function urlOf(request) {
  const escaped = encodeURI(request.trim().replace(/\s*\n\s*/g, "")).replace(/%25([0-9a-f]{2})/gi, "%$1").replace(/#/g, "%23");
  return `${DOOR}${escaped}`;
}

/** Write a `srcset` of some widths; commas are escaped, for they separate its candidates. */
export function srcsetOf(request, width) {
  const { object, pieces } = cut(request);
  const rest = pieces.filter((one) => !/^(wid|hei|scl|dpr)=/i.test(one));
  const heights = pieces.map(partsOf).find((one) => one.name.toLowerCase() === "hei")?.value;
  const start = Number(pieces.map(partsOf).find((one) => one.name.toLowerCase() === "wid")?.value) || width || 400;
  const candidates = [0.5, 1, 1.5, 2, 3].map((factor) => {
    const wide = Math.round(start * factor);
    const high = Number(heights) ? [`hei=${Math.round(Number(heights) * factor)}`] : [];
    const url = new URL(urlOf(joined({ object, pieces: [...rest, `wid=${wide}`, ...high] })), location.href);
    return `${url.href.replaceAll(",", "%2C")} ${wide}w`;
  });
  return candidates.join(",\n");
}

/** Write a command for a shell. */
export function curlOf(request) {
  const url = new URL(urlOf(request), location.href).href;
  return `curl --globoff --output picture '${url.replaceAll("'", "%27")}'`;
}
