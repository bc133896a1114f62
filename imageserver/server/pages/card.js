// A card: its picture with the commands below it, its small pictures, and what the server says of them.

import { Fields } from "./fields.js";
import { ask, describe, load, urlOf } from "./protocol.js";
import { openZoom } from "./zoom.js";

const SVG = "http://www.w3.org/2000/svg";
const DELAY = 350;

export class Card {
  constructor(element) {
    this.element = element;
    this.base = element.dataset.base;
    this.turn = 0;
    this.started = false;
    this.input = this.find(".play input");
    if (this.input) this.listen();
  }

  find(selector) {
    return this.element.querySelector(selector);
  }

  listen() {
    this.first = this.input.value;
    this.input.addEventListener("input", () => this.applySoon());
    const form = this.find(".fields");
    if (form) {
      this.fields = new Fields(form, () => {
        this.input.value = this.fields.write(this.input.value);
        this.applySoon();
      });
    }
    this.input.addEventListener("keydown", (event) => event.key === "Enter" && this.apply(this.input.value));
    this.find(".reset").addEventListener("click", () => this.apply(this.first));
    for (const part of [".magnify", ".stage > img"]) this.find(part).addEventListener("click", () => this.zoom());
    this.find(".areas")?.addEventListener("click", (event) => {
      const shown = event.target.getAttribute("aria-pressed") !== "true";
      event.target.setAttribute("aria-pressed", shown);
      this.find(".stage svg").classList.toggle("off", !shown);
    });
  }

  /** Ask and draw for the first time: the card comes into view. */
  async start() {
    this.started = true;
    if (this.input) this.draw();
    for (const tile of this.element.querySelectorAll(".tile:not([hidden])")) this.drawTile(tile);
    if (this.find("[data-fact=source]")) await this.describeSource().catch(() => this.state("source", "unreadable"));
  }

  /** Show the picture of what is written, once nobody has written for a moment. */
  applySoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.apply(this.input.value), DELAY);
  }

  /** Show the picture that these commands make; the same preset again takes it back. */
  apply(commands) {
    if (!this.input) return;
    clearTimeout(this.timer);
    if (this.input.value !== commands) this.input.value = commands;
    this.fields?.read(commands);
    this.find(".reset").hidden = commands === this.first;
    for (const chip of this.element.querySelectorAll(".chip")) {
      chip.setAttribute("aria-pressed", chip.dataset.preset === commands);
    }
    if (this.started) this.draw();
  }

  toggle(preset) {
    this.apply(this.input?.value === preset ? this.first : preset);
  }

  async draw() {
    const turn = ++this.turn;
    const commands = this.input.value.trim();
    const stage = this.find(".stage");
    stage.setAttribute("aria-busy", "true");
    this.find(".open").href = urlOf(this.base, commands);
    try {
      const props = /(^|&)req=/i.test(commands) ? {} : await ask(this.base, "props", commands);
      if (turn === this.turn && props["image.version"]) this.stateProps(props);
      const url = urlOf(this.base, commands, props["image.version"]);
      const reply = await load(url);
      if (turn === this.turn) await this.show(url, commands, reply);
    } catch (error) {
      if (turn === this.turn) this.refuse(error.message);
    }
    if (turn === this.turn) stage.removeAttribute("aria-busy");
  }

  async show(url, commands, reply) {
    if (!reply.ok) throw new Error((await reply.blob.text()).trim());
    const [image, text, drawn] = [this.find(".stage img"), this.find("pre"), reply.type.startsWith("image/")];
    const size = drawn ? await decode(url, reply.type) : null;
    if (drawn) image.src = url;
    else text.textContent = await reply.blob.text();
    [image.hidden, text.hidden] = [!drawn, drawn];
    this.find(".open").href = url;
    this.find(".stage").classList.remove("refused");
    this.find(".magnify").hidden = !drawn;
    const shape = size ? `${size.width} × ${size.height}` : "";
    this.tell([shape, reply.type, bytes(reply.blob.size), `${Math.max(1, Math.round(reply.milliseconds))} ms`], false);
    await this.drawMap(commands, size);
  }

  refuse(message) {
    this.find(".stage").classList.add("refused");
    this.tell([message], true);
  }

  tell(parts, isError) {
    const status = this.find(".status");
    status.classList.toggle("error", isError);
    status.replaceChildren(...parts.filter(Boolean).map((part) => make("span", part)));
  }

  state(name, value) {
    const place = this.find(`[data-fact="${name}"]`);
    if (place) place.textContent = value;
  }

  stateProps(props) {
    this.state("reply", `${props["image.width"]} × ${props["image.height"]}, ${props["image.type"]}`);
    for (const name of ["image.version", "metadata.version"]) this.state(name, props[name]);
  }

  async drawMap(commands, size) {
    const svg = this.find(".stage svg");
    svg.toggleAttribute("hidden", !size || !("map" in this.element.dataset));
    if (svg.hasAttribute("hidden")) return;
    const areas = await ask(this.base, "map", commands.replace(/(^|&)req=[^&]*/gi, "")).catch(() => []);
    frame(svg, size.width, size.height);
    svg.replaceChildren(...areas.toReversed().map(areaLink).filter(Boolean));
  }

  /** Show a small picture; a member of a set has a version of its own. */
  async drawTile(tile) {
    const { base, commands, kind } = tile.dataset;
    const image = tile.querySelector("img");
    const props = await describe(kind === "member" ? base : this.base);
    image.addEventListener("error", () => tile.classList.add("refused"));
    image.src = urlOf(base, commands, props["image.version"]);
    image.hidden = false;
  }

  async describeSource() {
    const source = await ask(this.base, "imageprops");
    const size = { width: Number(source["image.width"]), height: Number(source["image.height"]) };
    const notes = [`${size.width} × ${size.height}`, source["image.pixTyp"], source["image.iccProfile"]];
    this.state("source", notes.filter(Boolean).join(", "));
    for (const tile of this.element.querySelectorAll(".tile[data-kind=mask]")) {
      tile.hidden = source["image.mask"] === "0";
      if (!tile.hidden) this.drawTile(tile);
    }
    const targets = this.find(".tile[data-kind=targets]");
    if (targets) await drawTargets(this, targets, size);
  }

  zoom() {
    openZoom(this.base, this.find("h3").textContent);
  }
}

/** Load a picture before it is shown, so that the one before stays until then; gives its size. */
async function decode(url, type) {
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
  } catch {
    throw new Error(`The browser cannot show ${type}: open it instead.`);
  }
  return { width: image.naturalWidth, height: image.naturalHeight };
}

async function drawTargets(card, tile, size) {
  const targets = await ask(card.base, "targets");
  const svg = tile.querySelector("svg");
  frame(svg, size.width, size.height);
  for (const [key, rect] of Object.entries(targets).filter(([name]) => name.endsWith(".rect"))) {
    const [x, y, width, height] = rect.split(",").map(Number);
    const label = targets[key.replace(/rect$/, "label")] || key;
    const shape = makeSvg("rect", { x, y, width, height, tabindex: 0, role: "button", "aria-label": `Show ${label}` });
    shape.append(makeSvg("title", {}, label));
    const show = () => card.apply(`rgn=${rect}&${card.first},1`);
    shape.addEventListener("click", show);
    shape.addEventListener("keydown", (event) => event.key === "Enter" && show());
    svg.append(shape);
  }
}

/** Lay the coordinates of a picture over it, however large it is shown; it is never shown larger than it is. */
function frame(svg, width, height) {
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.style.maxWidth = `${width}px`;
  svg.style.maxHeight = `${height}px`;
}

function areaLink(area) {
  const numbers = (area.coords || "").split(",").map(Number);
  const label = area.title || area.alt || area.href || area.shape;
  const link = makeSvg("a", safeLink(area.href));
  if (area.shape.startsWith("rect")) {
    const [x, y, right, bottom] = numbers;
    link.append(makeSvg("rect", { x, y, width: right - x, height: bottom - y }));
  } else {
    link.append(makeSvg("polygon", { points: numbers.join(" ") }));
  }
  link.append(makeSvg("title", {}, label));
  return link;
}

/** Make the attributes of a link, unless it leads to something other than a page. */
function safeLink(href) {
  if (!href || !URL.canParse(href, location.href)) return {};
  const url = new URL(href, location.href);
  return /^https?:$/.test(url.protocol) ? { href: url.href, target: "_blank", rel: "noopener noreferrer" } : {};
}

function make(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

function makeSvg(tag, attributes, text = "") {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
}

function bytes(size) {
  return size < 1000 ? `${size} B` : size < 1e6 ? `${(size / 1000).toFixed(1)} kB` : `${(size / 1e6).toFixed(1)} MB`;
}
