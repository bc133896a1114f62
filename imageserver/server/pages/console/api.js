// The editing API as pages use it: with the session of the cookie, and the token against forged requests.

const meta = document.querySelector('meta[name="csrf"]');

export const PREFIX = "/console";

/** What the server refuses: its problem document. */
export class Problem extends Error {
  constructor(status, told) {
    super(told.detail ?? `the server answers ${status}`);
    this.status = status;
    this.where = told.where ?? "";
  }
}

export function apiOf(catalog, ...rest) {
  return [`${PREFIX}/api/catalogs`, catalog, ...rest].map((one, i) => (i ? encodeURIComponent(one) : one)).join("/");
}

/** Send JSON or nothing, and give what is told with its entity tag; what is refused is thrown. */
export async function send(url, { method = "GET", body, etag } = {}) {
  const reply = await fetchOnce(url, method, body, etag);
  if (reply.status === 403 && method !== "GET" && (await renewed())) return told(await fetchOnce(url, method, body, etag));
  return told(reply);
}

function fetchOnce(url, method, body, etag) {
  const headers = { ...(etag ? { "If-Match": etag } : {}), ...(method === "GET" ? {} : { "X-CSRF-Token": meta.content }) };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store" })
    .catch(() => { throw new Problem(0, { detail: "the server does not answer; nothing is lost, try again" }); });
}

/** Take the token of a session that was begun anew in another tab; tells whether there is another one. */
async function renewed() {
  const reply = await fetch(`${PREFIX}/session`, { cache: "no-store" });
  if (!reply.ok) return false;
  const { csrf } = await reply.json();
  const isNew = csrf !== meta.content;
  meta.content = csrf;
  return isNew;
}

async function told(reply) {
  const data = parsed(await reply.text());
  if (!reply.ok) throw new Problem(reply.status, explained(reply.status, data));
  return { data, etag: reply.headers.get("ETag") ?? "" };
}

function explained(status, data) {
  if (status !== 401) return data;
  return { ...data, detail: "The session has ended. Log in again in another tab; what you typed stays here." };
}

/** Send a file, and tell how far it has come. */
export async function upload(url, file, etag, progress) {
  await renewed();
  return sent(url, file, etag, progress);
}

function sent(url, file, etag, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    request.setRequestHeader("X-CSRF-Token", meta.content);
    request.setRequestHeader("Content-Type", KNOWN.has(file.type) ? file.type : "application/octet-stream");
    if (etag) request.setRequestHeader("If-Match", etag);
    request.upload.addEventListener("progress", (event) => progress(event.lengthComputable ? event.loaded / event.total : 0));
    request.addEventListener("error", () => reject(new Problem(0, { detail: "the upload broke off; try again" })));
    request.addEventListener("load", () => {
      const data = parsed(request.responseText);
      if (request.status < 300) resolve({ data, etag: request.getResponseHeader("ETag") ?? "" });
      else reject(new Problem(request.status, explained(request.status, data)));
    });
    request.send(file);
  });
}

const KNOWN = new Set([
  "image/jpeg", "image/png", "image/gif", "image/tiff", "image/webp", "image/avif", "image/bmp", "image/x-icon",
]);

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
