// The page of the server: its numbers are asked for every other second while somebody looks.

import { PREFIX } from "./api.js";
import { Plot } from "./plot.js";

const EVERY = 2000;
const MOST = 300;
const place = document.querySelector(".plots");
const pulse = document.querySelector(".pulse");
const plots = new Map();

function show({ time, series }) {
  for (const one of series) {
    if (!plots.has(one.title)) {
      const plot = new Plot(one);
      plots.set(one.title, plot);
      place.append(plot.element);
    }
    plots.get(one.title).add(time, one.values, MOST);
  }
}

async function look() {
  if (document.hidden) return;
  try {
    const reply = await fetch(`${PREFIX}/numbers`, { cache: "no-store" });
    const told = await reply.json();
    if (!reply.ok) throw new Error(told.detail);
    show(told);
    setPulse("Every two seconds, of all processes, since this page was opened.");
  } catch (problem) {
    setPulse(`The numbers stand still: ${problem.message}`);
  }
}

function setPulse(text) {
  if (pulse.textContent !== text) pulse.textContent = text;
}

look();
setInterval(look, EVERY);
