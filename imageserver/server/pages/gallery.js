// The page: cards begin when they come near the window; presets and copying work by one listener each.

import { Card } from "./card.js";

const cards = new Map([...document.querySelectorAll(".card")].map((element) => [element, new Card(element)]));

const watch = new IntersectionObserver(
  (entries) => {
    for (const { target } of entries.filter((entry) => entry.isIntersecting)) {
      watch.unobserve(target);
      cards.get(target).start();
    }
  },
  { rootMargin: "400px" },
);
for (const element of cards.keys()) watch.observe(element);

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.matches(".chip")) cards.get(button.closest(".card")).toggle(button.dataset.preset);
  if (button.matches(".preset")) applyToAll(button);
  if (button.matches(".copy")) copy(new URL(button.parentElement.querySelector("a").href).href.replace(/[?&]id=\w+$/, ""));
});

/** Apply a preset to every picture of its catalog, or take it back. */
function applyToAll(button) {
  const section = button.closest(".catalog");
  const pressed = button.getAttribute("aria-pressed") !== "true";
  for (const other of section.querySelectorAll(".preset")) {
    other.setAttribute("aria-pressed", other === button && pressed);
  }
  for (const element of section.querySelectorAll(".card")) {
    const card = cards.get(element);
    card.apply(pressed ? button.dataset.preset : card.first);
  }
}

async function copy(text) {
  const copied = await navigator.clipboard?.writeText(text).then(() => true, () => false);
  say(copied || copyBySelection(text) ? `Copied ${text}` : text);
}

/** Copy where the browser has no clipboard for scripts, as on plain http. */
function copyBySelection(text) {
  const area = Object.assign(document.createElement("textarea"), { value: text, className: "skip" });
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  return copied;
}

let fading = 0;
function say(text) {
  const toast = document.querySelector(".toast");
  toast.textContent = text;
  toast.classList.add("shown");
  clearTimeout(fading);
  fading = setTimeout(() => toast.classList.remove("shown"), 2500);
}
