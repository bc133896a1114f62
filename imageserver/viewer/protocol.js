// The protocol as viewers speak it: URLs, JSONP replies, pictures and whether their version is the current one.

const IMAGES = "/is/image/";
const JSONP = /^\/\*jsonp\*\/\s*([\w.$]+)\(([\s\S]*),"[^"]*"\);?\s*$/;
const PICTURE = "image/avif,image/webp,image/apng,image/*,*/*;q=0.8";
const TRIES = 3;
const PATIENCE = 1000;

/**
 * Where pictures come from.
 * @typedef {object} Source
 * @property {string} root the URL in front of the name, which ends with `/is/image/`
 * @property {string} name the name of the record, as it is asked for: `samples/shoe` or `samples/shoe:square`
 * @property {string} commands what stood behind the question mark
 */

/** What the server says about a request that it refuses. */
export class Refused extends Error {
  /**
   * @param {string} message
   * @param {number} status
   */
  constructor(message, status) {
    super(message);
    this.name = "Refused";
    this.status = status;
  }
}

/**
 * Read the URL of a record, relative to the page.
 * @param {string} text
 * @returns {Source}
 */
export function readSource(text) {
  const url = URL.canParse(text, document.baseURI) ? new URL(text, document.baseURI) : null;
  const place = url ? url.pathname.indexOf(IMAGES) : -1;
  const path = url && place >= 0 ? url.pathname.slice(place + IMAGES.length).replace(/\/+$/, "") : "";
  if (!url || !path) throw new Error(`src="${text}": expected a URL such as /is/image/catalog/record`);
  const root = url.origin + url.pathname.slice(0, place + IMAGES.length);
  return { root, name: unescaped(path), commands: url.search.slice(1) };
}

/**
 * Write the URL of a request.
 * @param {string} root
 * @param {string} name
 * @param {...(string|false|undefined)} commands
 * @returns {string}
 */
export function urlOf(root, name, ...commands) {
  const path = name.split("/").map(encodeURIComponent).join("/").replaceAll("%3A", ":");
  const query = commands
    .filter(Boolean)
    .map((one) => escaped(String(one)))
    .join("&");
  return `${root}${path}${query && "?"}${query}`;
}

/**
 * Escape commands as a person types them; what is escaped already stays so.
 * @param {string} commands
 */
function escaped(commands) {
  return encodeURI(commands)
    .replace(/%25([0-9a-f]{2})/gi, "%$1")
    .replaceAll("#", "%23");
}

/** @param {string} text */
function unescaped(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Take a JSONP reply apart; an error of the server is thrown with its own message.
 * @param {string} text
 * @param {number} status
 * @returns {any}
 */
export function unwrap(text, status = 200) {
  const match = JSONP.exec(text);
  if (!match) throw new Refused(text.trim().slice(0, 500) || `an empty reply (${status})`, status);
  const data = JSON.parse(match[2]);
  if (match[1] === "s7jsonError") throw new Refused(data.message || data.title, status);
  return data;
}

/**
 * Ask for properties, sets, maps or targets; `fresh` asks the server even when the browser still knows the answer.
 * @param {string} url
 * @param {{fresh?: boolean, signal?: AbortSignal}} [options]
 * @returns {Promise<any>}
 */
export async function ask(url, { fresh = false, signal } = {}) {
  const reply = await patiently(url, { cache: fresh ? "no-cache" : "default", signal });
  return unwrap(await reply.text(), reply.status);
}

/**
 * Load a picture. `settled` tells whether the server promised never to change it, which it does for the current
 * version only: a picture that is not settled may be newer than the version that was asked for.
 * @param {string} url
 * @param {{signal?: AbortSignal, priority?: "high"|"low"|"auto"}} [options]
 * @returns {Promise<{bitmap: ImageBitmap, settled: boolean}>}
 */
export async function load(url, { signal, priority = "auto" } = {}) {
  const reply = await patiently(url, { signal, priority, headers: { Accept: PICTURE } });
  if (!reply.ok) throw new Refused((await reply.text()).trim().slice(0, 500), reply.status);
  const settled = /immutable/.test(reply.headers.get("Cache-Control") ?? "");
  const blob = await reply.blob();
  try {
    return { bitmap: await createImageBitmap(blob), settled };
  } catch {
    throw new Refused(`the browser cannot show ${blob.type || "this reply"}`, reply.status);
  }
}

/**
 * Fetch; a server that is overloaded is asked again when it says so.
 * @param {string} url
 * @param {RequestInit & {priority?: string}} options
 */
async function patiently(url, options) {
  for (let tries = 1; ; tries++) {
    const reply = await fetch(url, options);
    if (reply.status !== 503 || tries === TRIES) return reply;
    const seconds = Number(reply.headers.get("Retry-After")) || tries;
    await new Promise((resume) => setTimeout(resume, seconds * PATIENCE));
    options.signal?.throwIfAborted();
  }
}
