// What came back: the picture or the text, how it was made, and how long it may be kept.

import { bytes, make } from "./console.js";

const SVG = "http://www.w3.org/2000/svg";

export class Answer {
  constructor(root, plan) {
    this.root = root;
    this.plan = plan;
    this.image = root.querySelector("img");
    this.svg = root.querySelector("svg");
    this.text = root.querySelector(".text");
    this.outlines = root.querySelector(".outlines");
    this.outlines.querySelector("input").addEventListener("change", (event) => this.svg.toggleAttribute("hidden", !event.target.checked));
    this.image.addEventListener("load", () => this.place());
    new ResizeObserver(() => this.place()).observe(root.querySelector(".canvas"));
  }

  show(told) {
    const { reply, error, refused } = told;
    const isPicture = reply?.type.startsWith("image/") ?? false;
    this.image.hidden = !isPicture || Boolean(refused);
    if (!this.image.hidden) this.image.src = told.url;
    this.text.hidden = !reply || isPicture || reply.text === undefined;
    this.text.textContent = reply?.text ?? "";
    const none = this.root.querySelector(".none");
    none.hidden = !this.image.hidden || !this.text.hidden;
    none.textContent = error ? "No picture." : "Nothing to show.";
    this.root.querySelector(".wrong").textContent = error ? `${error.status} ${error.title}: ${error.message}` : "";
    const note = this.root.querySelector(".refused");
    note.hidden = !refused;
    note.textContent = refused ? `Sent to the public address from here, it is refused: ${refused}` : "";
    this.root.querySelector(".facts").replaceChildren(...this.facts(told));
    this.time(told.timing);
    this.explain(told.lines);
    this.outline(told.lines, isPicture && !refused);
  }

  facts({ reply, cache }) {
    const rows = [];
    if (reply) rows.push(["reply", `${reply.type}, ${bytes(reply.bytes)}`]);
    if (reply?.width) rows.push(["size", `${reply.width} × ${reply.height}`]);
    if (reply) rows.push(["from", { memory: "the cache in memory", disk: "the cache on disk", made: "drawn now", shared: "drawn for another" }[reply.origin] ?? "made now"]);
    if (cache) {
      rows.push(["cache key", cache.key, "key"], ["TTL", cache.hours === null ? "not kept" : cache.hours === -1 ? "for ever" : `${cache.hours} hours`]);
      for (const [name, value] of Object.entries(cache.headers)) if (name !== "ETag") rows.push([name, value, "key"]);
    }
    return rows.map(([name, value, kind = ""]) => make("div", {}, make("dt", {}, name), make("dd", { class: kind }, value)));
  }

  time(timing) {
    const place = this.root.querySelector(".timing");
    const steps = Object.entries(timing);
    place.hidden = !steps.length;
    place.replaceChildren(...steps.map(([name, milliseconds]) => {
      const bar = make("span", { title: `${name}: ${milliseconds} ms` }, `${name} ${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`);
      bar.style.flexGrow = Math.sqrt(milliseconds);
      return bar;
    }));
  }

  explain(lines) {
    const rows = lines.map(({ about, text, depth }) => {
      const cell = make("td", {}, text.trim());
      cell.style.paddingLeft = `${depth * 1.5}rem`;
      return make("tr", {}, about ? make("th", { scope: "row" }, about) : make("td"), cell);
    });
    this.plan.replaceChildren(rows.length ? make("table", {}, make("tbody", {}, ...rows)) : make("p", { class: "hint" }, "Nothing could be read."));
  }

  /** Outline the layers where they lie in what was sent. */
  outline(lines, isShown) {
    const top = lines.filter((one) => one.depth === 0 && one.place);
    const canvas = top.find((one) => one.about === "composite")?.place;
    const sent = top.find((one) => one.about === "sent")?.place;
    const layers = top.filter((one) => one.about === "layer");
    this.outlines.hidden = !(isShown && canvas && sent && layers.length);
    this.svg.toggleAttribute("hidden", this.outlines.hidden || !this.outlines.querySelector("input").checked);
    if (this.outlines.hidden) return;
    this.svg.setAttribute("viewBox", `0 0 ${sent[2]} ${sent[3]}`);
    this.svg.replaceChildren(...layers.map(({ place: [x, y, width, height] }) => {
      const rect = document.createElementNS(SVG, "rect");
      const box = { x: canvas[0] + x - sent[0], y: canvas[1] + y - sent[1], width, height };
      for (const [name, value] of Object.entries(box)) rect.setAttribute(name, value);
      return rect;
    }));
    this.place();
  }

  /** Lay the outlines over the picture, however large it is shown. */
  place() {
    const { offsetLeft, offsetTop, offsetWidth, offsetHeight } = this.image;
    Object.assign(this.svg.style, { left: `${offsetLeft}px`, top: `${offsetTop}px`, width: `${offsetWidth}px`, height: `${offsetHeight}px` });
  }
}
