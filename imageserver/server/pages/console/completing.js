// Completion of a request while it is typed: records, the names of commands, and the words that stand for values.

import { make } from "./console.js";

const MOST = 40;
const STARTS = "?&{(";

/** Say what is being written at a place of a request: an object, a name or a value, and where it begins. */
export function contextAt(text, place) {
  const before = text.slice(0, place);
  if (!/[?]/.test(before)) return { kind: "object", start: 0, word: before };
  let start = place;
  while (start > 0 && !STARTS.includes(before[start - 1])) start -= 1;
  const piece = before.slice(start);
  const equals = piece.indexOf("=");
  if (before[start - 1] === "{" || before[start - 1] === "(") return { kind: "object", start, word: piece };
  if (equals < 0) return { kind: "name", start, word: piece, name: piece };
  return { kind: "value", start: start + equals + 1, word: piece.slice(equals + 1), name: piece.slice(0, equals) };
}

export class Completion {
  /** `offers` gives what may stand at a place, `moved` is told where the cursor is. */
  constructor(input, list, { offers, moved }) {
    Object.assign(this, { input, list, offers, moved, at: -1 });
    input.addEventListener("input", () => this.offer());
    input.addEventListener("keydown", (event) => this.press(event));
    input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    for (const name of ["keyup", "click", "focus"]) input.addEventListener(name, () => moved(this.context));
    list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = event.target.closest("li");
      if (option) this.take(option.dataset.text);
    });
  }

  get context() {
    return contextAt(this.input.value, this.input.selectionStart ?? this.input.value.length);
  }

  offer() {
    const { context } = this;
    this.moved(context);
    const word = context.word.toLowerCase();
    const found = this.offers(context).filter((one) => one.text.toLowerCase().includes(word) && one.text !== context.word);
    found.sort((one, other) => Number(other.text.toLowerCase().startsWith(word)) - Number(one.text.toLowerCase().startsWith(word)));
    if (!found.length || (context.kind === "object" && !word)) return this.close();
    this.list.replaceChildren(...found.slice(0, MOST).map(optionOf));
    this.list.hidden = false;
    return this.choose(-1);
  }

  close() {
    this.list.hidden = true;
    this.input.removeAttribute("aria-activedescendant");
  }

  choose(at) {
    const options = [...this.list.children];
    this.at = at;
    options.forEach((one, i) => one.setAttribute("aria-selected", String(i === at)));
    if (at < 0) return this.input.removeAttribute("aria-activedescendant");
    options[at].scrollIntoView({ block: "nearest" });
    return this.input.setAttribute("aria-activedescendant", options[at].id);
  }

  press(event) {
    if (event.key === "Enter" && (this.list.hidden || this.at < 0)) return event.preventDefault();
    if (this.list.hidden) return undefined;
    const count = this.list.children.length;
    if (event.key === "ArrowDown") this.choose((this.at + 1) % count);
    else if (event.key === "ArrowUp") this.choose((this.at - 1 + count) % count);
    else if (event.key === "Escape") this.close();
    else if ((event.key === "Enter" || event.key === "Tab") && this.at >= 0) this.take(this.list.children[this.at].dataset.text);
    else return undefined;
    return event.preventDefault();
  }

  take(text) {
    const { kind, start } = this.context;
    const end = this.input.selectionStart;
    const written = kind === "name" && !text.startsWith("$") ? `${text}=` : text;
    this.input.setRangeText(written, start, end, "end");
    this.close();
    this.input.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function optionOf({ text, doc }, number) {
  const parts = [make("b", {}, text), ...(doc ? [make("span", {}, doc)] : [])];
  return make("li", { role: "option", id: `option-${number}`, "data-text": text, "aria-selected": "false", class: doc ? "" : "plain" }, ...parts);
}
