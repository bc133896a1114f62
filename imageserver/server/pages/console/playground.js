// The playground: a request is typed or built; picture, plan and numbers follow.

import { PREFIX } from "./api.js";
import { Answer } from "./answer.js";
import { build } from "./builder.js";
import { curlOf, cut, declarations, DOOR, joined, srcsetOf, urlOf } from "./commands.js";
import { Completion } from "./completing.js";
import { copy, make } from "./console.js";

const PAUSE = 350;
const DEFAULTS = { color: "ff0000", number: "1", object: "", text: "" };
const input = document.querySelector("#request");
const builder = document.querySelector(".builder");
const doc = document.querySelector("#doc");
const adding = document.querySelector("#adding");
const answer = new Answer(document.querySelector(".answer"), document.querySelector(".plan .lines"));
const objects = [...document.querySelectorAll("#objects option")].map((one) => ({ text: one.value }));
const { list, byName } = await declarations();
let [timer, turn, shownWidth] = [0, 0, 0];

function offers({ kind, name }) {
  if (kind === "object") return objects;
  if (kind === "name") return list.map((one) => ({ text: one.name, doc: one.doc }));
  const declared = byName.get(name.toLowerCase());
  if (declared?.kind === "object") return objects;
  return (declared?.words ?? []).map((text) => ({ text }));
}

/** Explain the command at which somebody is. */
function explain({ name }) {
  const declared = name && byName.get(name.toLowerCase());
  if (!declared) return;
  doc.replaceChildren(make("b", {}, declared.name), `: ${declared.doc} `, make("i", {}, `Expected: ${declared.expected}.`), declared.landing ? ` ${declared.landing}` : "");
}

/** Ask for what is written, once nobody has written for a moment. */
function askSoon() {
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE);
}

async function ask() {
  const written = input.value.trim();
  const mine = ++turn;
  history.replaceState(null, "", written ? `?url=${encodeURIComponent(written)}` : location.pathname);
  document.querySelector(".open").href = urlOf(written);
  if (!written) return;
  const place = document.querySelector(".answer");
  place.setAttribute("aria-busy", "true");
  try {
    const reply = await fetch(`${PREFIX}/explain?url=${encodeURIComponent(urlOf(written))}`);
    const told = await reply.json();
    if (mine !== turn) return;
    shownWidth = told.reply?.width ?? shownWidth;
    answer.show(reply.ok ? told : { url: "", lines: [], timing: {}, error: { status: reply.status, title: told.title, message: told.detail } });
  } catch {
    if (mine === turn) answer.show({ url: "", lines: [], timing: {}, error: { status: "", title: "no answer", message: "the server cannot be reached" } });
  } finally {
    if (mine === turn) place.setAttribute("aria-busy", "false");
  }
}

function showBuilder() {
  build(builder, cut(input.value).pieces, byName, (pieces) => write(joined({ object: cut(input.value).object, pieces })));
}

function write(text) {
  input.value = text;
  showBuilder();
  askSoon();
}

/** Add a command with a value that fits. */
function add(name) {
  const declared = byName.get(name.toLowerCase());
  const value = declared.words?.[0] ?? (declared.kind === "number" ? String(Math.max(1, declared.low)) : DEFAULTS[declared.kind] ?? "");
  const { object, pieces } = cut(input.value);
  write(joined({ object, pieces: [...pieces, `${name}=${value}`] }));
  explain({ name });
  builder.lastElementChild?.querySelector(".value")?.focus();
}

const COPIES = {
  url: () => copy(new URL(urlOf(input.value), location.href).href, "The URL"),
  curl: () => copy(curlOf(input.value), "The command"),
  srcset: () => copy(srcsetOf(input.value, shownWidth), "The srcset"),
};

new Completion(input, document.querySelector("#options"), { offers, moved: explain });
input.addEventListener("input", () => {
  const at = input.value.indexOf(DOOR);
  if (at >= 0) input.value = input.value.slice(at + DOOR.length);
  showBuilder();
  askSoon();
});
for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", () => COPIES[button.dataset.copy]());
for (const group of new Set(list.map((one) => one.group))) {
  const options = list.filter((one) => one.group === group).map((one) => new Option(`${one.name}`, one.name));
  adding.append(make("optgroup", { label: group }, ...options));
}
adding.addEventListener("change", () => {
  if (adding.value) add(adding.value);
  adding.value = "";
});
showBuilder();
ask();
