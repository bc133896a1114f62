// What all pages share: the theme, times as people read them, messages, and copying.

const THEMES = ["system", "light", "dark"];
const SIGNS = { system: "◐", light: "☀", dark: "☾" };
const KEY = "imageserver-theme";
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const STEPS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function showTheme(button) {
  const chosen = localStorage.getItem(KEY) ?? "system";
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  button.textContent = SIGNS[chosen];
  button.setAttribute("aria-label", `Theme: ${chosen === "system" ? "as the system" : chosen}`);
  button.title = button.getAttribute("aria-label");
}

function nextTheme(button) {
  const now = THEMES.indexOf(localStorage.getItem(KEY) ?? "system");
  localStorage.setItem(KEY, THEMES[(now + 1) % THEMES.length]);
  showTheme(button);
}

/** Write how long ago a moment was; the whole date is told by the title. */
export function tellTime(element) {
  const { seconds, milliseconds } = element.dataset;
  const moment = new Date(seconds ? seconds * 1000 : Number(milliseconds));
  const gone = (Date.now() - moment) / 1000;
  const [unit, length] = STEPS.find(([, one]) => gone >= one) ?? ["second", 1];
  element.dateTime = moment.toISOString();
  element.title = moment.toLocaleString();
  element.textContent = gone > 30 * 86400 ? moment.toLocaleDateString() : relative.format(-Math.floor(gone / length), unit);
}

let hiding;

/** Say something for a moment. */
export function say(text) {
  const toast = document.querySelector(".toast");
  toast.textContent = text;
  toast.classList.add("shown");
  clearTimeout(hiding);
  hiding = setTimeout(() => toast.classList.remove("shown"), 4000);
}

/** Put a text where it can be pasted from. */
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    say(`${what} copied`);
  } catch {
    say(text);
  }
}

/** Make an element with a text, attributes and children. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Write a number of bytes. */
export function bytes(count) {
  if (count < 1000) return `${Math.round(count)} B`;
  const power = Math.min(4, Math.floor(Math.log10(count) / 3));
  return `${(count / 1000 ** power).toFixed(count / 1000 ** power < 10 ? 1 : 0)} ${["", "kB", "MB", "GB", "TB"][power]}`;
}

const button = document.querySelector(".theme");
showTheme(button);
button.addEventListener("click", () => nextTheme(button));
document.querySelectorAll("time[data-seconds], time[data-milliseconds]").forEach(tellTime);
