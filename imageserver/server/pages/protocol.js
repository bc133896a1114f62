// The protocol as a viewer speaks it: URLs, JSONP replies, versions.

const JSONP = /^\/\*jsonp\*\/\s*([\w.$]+)\(([\s\S]*),"[^"]*"\);?\s*$/;
const PICTURE = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";
const described = new Map();

/** Write the URL of a command string as a person types it: what is escaped already stays so. */
export function urlOf(base, commands, version = "") {
  const escaped = encodeURI(commands).replace(/%25([0-9a-f]{2})/gi, "%$1").replace(/#/g, "%23");
  const query = [escaped, version && `id=${version}`].filter(Boolean).join("&");
  return query ? `${base}?${query}` : base;
}

/** Take a JSONP reply apart; an error of the server is thrown with its own message. */
export function unwrap(text) {
  const match = JSONP.exec(text);
  if (!match) throw new Error(text.trim().slice(0, 2000) || "an empty reply");
  const data = JSON.parse(match[2]);
  if (match[1] === "s7jsonError") throw new Error(data.message || data.title);
  return data;
}

/** Ask for properties, a map or targets as JSON. */
export async function ask(base, kind, commands = "") {
  const request = [commands, `req=${kind},json`].filter(Boolean).join("&");
  const reply = await fetch(urlOf(base, request), { cache: "no-cache" });
  return unwrap(await reply.text());
}

/** Ask once for the properties of an object without commands; its version loads all of its pictures. */
export function describe(base) {
  if (!described.has(base)) described.set(base, ask(base, "props").catch(() => ({})));
  return described.get(base);
}

/** Load a reply as an image element would, so that the browser's cache has it for the element. */
export async function load(url) {
  const start = performance.now();
  const reply = await fetch(url, { headers: { Accept: PICTURE } });
  const blob = await reply.blob();
  return { ok: reply.ok, blob, type: blob.type.split(";")[0], milliseconds: performance.now() - start };
}
