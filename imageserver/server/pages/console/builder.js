// A request as a list of its commands, each with an input that fits.

import { make } from "./console.js";
import { partsOf, pieceOf } from "./commands.js";

const HEX = /^(?:0x)?([0-9a-f]{6})$/i;

/** Fill the list; `changed` is told the pieces as they are after a change. */
export function build(list, pieces, known, changed) {
  const focused = document.activeElement?.closest?.(".builder li");
  if (focused && list.children.length === pieces.length) return follow(list, pieces, focused);
  list.replaceChildren(...pieces.map((piece, i) => row(piece, i, pieces, known, changed)));
  return undefined;
}

/** Let the rows follow what was typed elsewhere; who is typing here is not disturbed. */
function follow(list, pieces, focused) {
  pieces.forEach((piece, i) => {
    const input = list.children[i].querySelector(".value");
    if (list.children[i] !== focused && input) input.value = partsOf(piece).value ?? "";
    list.children[i].dataset.piece = piece;
  });
}

function row(piece, number, pieces, known, changed) {
  const { name, value } = partsOf(piece);
  const declared = known.get(name.toLowerCase());
  const item = make("li", { "data-piece": piece }, make("span", { class: "name", title: declared?.doc ?? "" }, name));
  const now = () => [...item.parentElement.children].map((one) => one.dataset.piece);
  const set = (text) => {
    item.dataset.piece = pieceOf(name, text);
    changed(now());
  };
  if (value !== null) item.append(...inputs(name, value, declared, set));
  else item.append(make("span", { class: "hint" }, name.startsWith("$") ? "macro" : "ignored without a value"), make("span"));
  const remove = make("button", { type: "button", class: "quiet", "aria-label": `Take ${name} away` }, "✕");
  remove.addEventListener("click", () => changed(now().filter((_, i) => i !== [...item.parentElement.children].indexOf(item))));
  item.append(remove);
  return item;
}

function inputs(name, value, declared, set) {
  const label = { "aria-label": `Value of ${name}`, autocomplete: "off", spellcheck: "false" };
  if (declared?.kind === "word" && declared.words.includes(value)) {
    const select = make("select", { ...label, class: "value" }, ...declared.words.map((word) => new Option(word, word, false, word === value)));
    select.addEventListener("change", () => set(select.value));
    return [select, make("span")];
  }
  const input = make("input", { ...label, class: "value", value, title: declared?.expected ?? "", list: declared?.kind === "object" ? "objects" : undefined });
  input.addEventListener("input", () => set(input.value));
  return [input, aid(name, value, declared, input)];
}

/** Give a picker of colours where it is of use. */
function aid(name, value, declared, input) {
  const match = HEX.exec(value);
  if (declared?.kind !== "color" || !match) return make("span");
  const picker = make("input", { type: "color", value: `#${match[1].toLowerCase()}`, "aria-label": `Picker of ${name}` });
  picker.addEventListener("input", () => {
    input.value = picker.value.slice(1);
    input.dispatchEvent(new Event("input"));
  });
  return picker;
}
