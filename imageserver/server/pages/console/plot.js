// A small plot of numbers over time, with its scale and its latest values as text.

import { bytes, make } from "./console.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [300, 100];
const HUES = ["var(--accent)", "var(--violet)", "var(--warm-text)", "var(--blue)", "var(--bad)", "var(--good)"];
const MOST_LINES = HUES.length;

/** Write a number in its unit. */
export function written(value, unit) {
  if (unit.startsWith("bytes")) return `${bytes(value)}${unit.slice(5)}`;
  const text = value >= 100 || Number.isInteger(value) ? Math.round(value).toLocaleString() : value.toFixed(2);
  return { cores: `${text} cores`, seconds: value < 1 ? `${(value * 1000).toFixed(value < 0.01 ? 2 : 0)} ms` : `${value.toFixed(1)} s`, "/s": `${text}/s` }[unit] ?? text;
}

/** Give a round number that is a little more. */
function nice(value) {
  if (!value) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].find((one) => one * power >= value) * power;
}

function line(points, span, top) {
  const [first, last] = span;
  const at = ({ time, value }) => [((time - first) / (last - first || 1)) * WIDTH, HEIGHT - (value / (top || 1)) * HEIGHT];
  return points.map((one, i) => `${i ? "L" : "M"}${at(one).map((n) => n.toFixed(1)).join(" ")}`).join("");
}

export class Plot {
  constructor({ title, doc, unit, kind }) {
    this.unit = kind === "counter" && unit !== "cores" ? `${unit}/s` : unit;
    this.kind = kind;
    this.lines = new Map();
    this.now = make("output");
    this.svg = document.createElementNS(SVG, "svg");
    this.svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.svg.setAttribute("preserveAspectRatio", "none");
    this.svg.setAttribute("aria-hidden", "true");
    this.top = make("span");
    this.start = make("span");
    this.legend = make("ul");
    this.element = make("section", { class: "panel", "aria-label": title },
      make("h2", {}, title, this.now), make("p", { class: "hint" }, doc),
      make("div", { class: "scale" }, this.top), this.svg, make("div", { class: "scale" }, this.start, make("span", {}, "now")), this.legend);
  }

  /** Take what was measured; of a counter or a mean, what has changed since the time before. */
  add(time, values, most) {
    for (const [label, value] of Object.entries(values)) {
      const one = this.lines.get(label) ?? { points: [], before: null };
      const { before } = one;
      one.before = { time, value };
      if (this.kind === "gauge") one.points.push({ time, value });
      else if (before && time > before.time) one.points.push({ time, value: this.grown(before, { time, value }) });
      one.points.splice(0, one.points.length - most);
      this.lines.set(label, one);
    }
    this.draw();
  }

  /** How fast a counter has grown, or the mean of what came in between. */
  grown(before, now) {
    if (this.kind === "counter") return Math.max(0, now.value - before.value) / (now.time - before.time);
    const [sum, count] = now.value.map((one, i) => one - before.value[i]);
    return count > 0 ? sum / count : 0;
  }

  draw() {
    const shown = [...this.lines].filter(([, one]) => one.points.length).slice(0, MOST_LINES);
    if (!shown.length) return;
    const every = shown.flatMap(([, one]) => one.points);
    const span = [Math.min(...every.map((one) => one.time)), Math.max(...every.map((one) => one.time))];
    const top = nice(Math.max(...every.map((one) => one.value)));
    this.svg.replaceChildren(...[0, HEIGHT / 2, HEIGHT].map(rule), ...shown.map(([, { points }], i) => path(line(points.length > 1 ? points : [...points, { ...points[0], time: span[1] + 1 }], points.length > 1 ? span : [span[0], span[1] + 1], top), HUES[i])));
    const last = shown.map(([label, { points }]) => [label, points.at(-1).value]);
    this.now.textContent = last.length === 1 ? written(last[0][1], this.unit) : "";
    this.top.textContent = written(top, this.unit);
    this.start.textContent = `${Math.round(span[1] - span[0])} s ago`;
    this.legend.hidden = last.length === 1 && !last[0][0];
    this.legend.replaceChildren(...last.map(([label, value], i) => {
      const item = make("li", {}, `${label || "all"}: ${written(value, this.unit)}`);
      item.style.setProperty("--hue", HUES[i]);
      return item;
    }));
  }
}

function rule(y) {
  const found = document.createElementNS(SVG, "line");
  for (const [name, value] of Object.entries({ class: "rule", x1: 0, x2: WIDTH, y1: y, y2: y })) found.setAttribute(name, value);
  return found;
}

function path(d, hue) {
  const found = document.createElementNS(SVG, "path");
  found.setAttribute("d", d);
  found.setAttribute("class", "line");
  found.style.stroke = hue;
  return found;
}
