// The picture of a record: as it is published, its source, its mask, and what is drawn on it.

import { PREFIX } from "./api.js";
import { KINDS } from "./areas.js";
import { make } from "./console.js";
import { Shapes } from "./shapes.js";

const SHOWN = "wid=1200&hei=1200&fit=constrain";
const COMMANDS = {
  picture: ["stored", `${SHOWN}`],
  source: ["source", `${SHOWN}&fmt=webp&qlt=85`],
  mask: ["masked", `${SHOWN}&req=mask&fmt=png`],
  cutout: ["masked", `${SHOWN}&fmt=webp-alpha`],
};
const COORDINATES = { rect: ["Left", "Top", "Width", "Height"], circle: ["Centre x", "Centre y", "Radius"] };

export class Stage {
  /** `fieldOf` gives the field that holds what a mode draws. */
  constructor(root, fieldOf) {
    this.root = root;
    this.fieldOf = fieldOf;
    this.canvas = root.querySelector(".stage .canvas");
    this.image = this.canvas.querySelector("img");
    this.svg = this.canvas.querySelector("svg");
    this.panel = root.querySelector(".shapes");
    this.isReadonly = "readonly" in root.dataset;
    this.size = { width: Number(root.dataset.width), height: Number(root.dataset.height) };
    this.buttons = [...root.querySelectorAll(".stage .modes button")];
    for (const button of this.buttons) button.addEventListener("click", () => this.show(button.dataset.mode));
    this.image.addEventListener("load", () => this.loaded());
    this.image.addEventListener("error", () => this.loaded("There is no such picture."));
    if (this.size.width) this.prepare();
    if (this.buttons.length) this.show(this.buttons[0].dataset.mode);
  }

  prepare() {
    this.shapes = new Shapes(this.svg, this.size, {
      isReadonly: this.isReadonly,
      label: (area, number) => this.kind.label(area, number),
      changed: (areas) => this.changed(areas),
      chosen: (number) => this.markRow(number),
    });
    this.shapes.make = (areas, area) => [...areas, { ...area, facts: this.kind.fresh(areas) }];
    const adders = this.panel.querySelector(".adders");
    this.shapes.home = adders?.querySelector("button");
    adders?.querySelector(".add").addEventListener("click", () => this.add("rect"));
    if (adders) {
      for (const shape of ["circle", "poly"]) {
        const button = make("button", { type: "button", "data-shape": shape }, `Add ${shape === "poly" ? "polygon" : shape}`);
        button.addEventListener("click", () => this.add(shape));
        adders.append(button);
      }
    }
  }

  add(shape) {
    const { width, height } = this.size;
    const [x, y, w, h] = [width / 4, height / 4, width / 2, height / 2].map(Math.round);
    const points = { rect: [x, y, w, h], circle: [x + w / 2, y + h / 2, Math.min(w, h) / 2], poly: [x, y, x + w, y, x + w, y + h, x, y + h] };
    this.shapes.add(points[shape].map(Math.round), shape);
  }

  show(mode) {
    this.mode = mode;
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    this.kind = KINDS[mode];
    this.canvas.classList.toggle("cutout", mode === "cutout");
    const [from, commands] = COMMANDS[mode] ?? COMMANDS.source;
    const { catalog, id, rev } = this.root.dataset;
    const base = `${PREFIX}/pictures/${from}/${encodeURIComponent(catalog)}/${encodeURIComponent(id)}`;
    this.svg.toggleAttribute("hidden", !this.kind);
    this.panel.hidden = !this.kind;
    this.canvas.setAttribute("aria-busy", "true");
    this.image.src = `${base}?${commands}&rev=${rev}`;
    if (this.kind) this.edit();
  }

  /** Show the picture of what is stored now. */
  refresh(rev) {
    this.root.dataset.rev = rev;
    if (this.mode) this.show(this.mode);
  }

  loaded(problem = "") {
    this.canvas.removeAttribute("aria-busy");
    const none = this.canvas.querySelector(".none");
    [this.image.hidden, none.hidden] = [Boolean(problem), !problem];
    none.textContent = problem;
    const { naturalWidth: width, naturalHeight: height } = this.image;
    const ratio = this.kind ? this.size.width / this.size.height : width / height;
    this.canvas.classList.toggle("sized", Boolean(this.kind) && !problem);
    this.canvas.style.aspectRatio = this.kind ? `${ratio}` : "";
    this.canvas.style.maxWidth = this.kind ? `calc(70vh * ${ratio})` : "";
    this.shapes?.draw();
  }

  /** Show the areas of the field that belongs to this mode. */
  edit() {
    const field = this.fieldOf(this.mode);
    this.shapes.current = -1;
    for (const button of this.panel.querySelectorAll("[data-shape]")) button.hidden = !this.kind.shapes.includes(button.dataset.shape);
    const add = this.panel.querySelector(".add");
    if (add) add.textContent = this.kind.shapes.length > 1 ? "Add rectangle" : `Add ${this.kind.title}`;
    this.shapes.show(this.kind.read(field.value));
    this.list();
    field.ondrawn = () => {
      if (this.kind === KINDS[field.name] && !this.isWriting) this.edit();
    };
  }

  changed(areas) {
    const field = this.fieldOf(this.mode);
    const rows = this.panel.querySelectorAll("fieldset");
    if (rows.length === areas.length) areas.forEach((area, i) => this.fillRow(rows[i], area));
    else this.list();
    const wrong = this.blame(areas);
    field.blame(wrong);
    if (wrong) return;
    this.isWriting = true;
    field.value = this.kind.write(areas);
    this.isWriting = false;
    field.onchange?.();
  }

  blame(areas) {
    const found = areas.map((area) => this.kind.wrong(area, areas));
    this.panel.querySelectorAll("fieldset").forEach((row, i) => {
      row.querySelector(".wrong").textContent = found[i] ?? "";
    });
    return found.find(Boolean) ?? "";
  }

  list() {
    this.panel.querySelector("ol").replaceChildren(...this.shapes.areas.map((area, i) => make("li", {}, this.row(area, i))));
    this.markRow(this.shapes.current);
  }

  row(area, number) {
    const row = make("fieldset", {}, make("legend"));
    const facts = [...this.kind.facts, ...this.others(area)];
    for (const [name, label, width] of facts) row.append(this.input(`fact-${name}`, label, width, (text) => this.setFact(number, name, text)));
    if (area.shape === "poly") row.append(this.input("points", "Points", "all", (text) => this.setPoints(number, text.split(",").map(Number))));
    else (COORDINATES[area.shape] ?? []).forEach((label, i) => row.append(this.input(`at-${i}`, label, "", (text) => this.setPoint(number, i, text), "number")));
    row.append(make("p", { class: "wrong", role: "alert" }));
    if (!this.isReadonly) {
      const remove = make("button", { type: "button" }, `Take ${this.kind.title} away`);
      remove.addEventListener("click", () => this.shapes.remove(number));
      row.append(make("p", { class: "buttons" }, remove));
    }
    row.addEventListener("focusin", () => this.shapes.current !== number && this.shapes.choose(number));
    this.fillRow(row, area);
    return row;
  }

  /** What an area says beside what usual ones do. */
  others(area) {
    const usual = this.kind.facts.map(([name]) => name);
    return Object.keys(area.facts).filter((name) => !usual.includes(name)).map((name) => [name, name, ""]);
  }

  input(name, label, width, change, type = "text") {
    const input = make("input", { type, class: name, readonly: this.isReadonly, autocomplete: "off", spellcheck: "false", step: "1" });
    input.addEventListener("input", () => change(input.value));
    return make("label", { class: width }, label, input);
  }

  fillRow(row, area) {
    row.querySelector("legend").textContent = this.kind.label(area, 1 + this.shapes.areas.indexOf(area));
    for (const input of row.querySelectorAll("input")) {
      if (input === document.activeElement) continue;
      const [kind, ...rest] = input.className.split("-");
      const texts = { fact: () => area.facts[rest.join("-")] ?? "", at: () => Math.round(area.points[rest[0]]), points: () => area.points.map(Math.round).join(",") };
      input.value = texts[kind]();
    }
  }

  setFact(number, name, text) {
    const area = this.shapes.areas[number];
    this.shapes.areas[number] = { ...area, facts: { ...area.facts, [name]: text } };
    this.shapes.change(number, area.points);
  }

  setPoint(number, place, text) {
    const points = this.shapes.areas[number].points.map((one, i) => (i === place ? Number(text) : one));
    this.setPoints(number, points);
  }

  setPoints(number, points) {
    if (points.length && points.every(Number.isFinite)) this.shapes.change(number, points);
  }

  markRow(number) {
    const rows = [...this.panel.querySelectorAll("fieldset")];
    rows.forEach((row, i) => row.classList.toggle("chosen", i === number));
  }
}
