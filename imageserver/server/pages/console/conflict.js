// What somebody else has changed meanwhile, beside what was typed.

import { make } from "./console.js";
import { textOf } from "./fields.js";

/** Show the fields that differ; what was typed is kept until somebody takes the other value. */
export function showConflict(place, what, rows, onchange) {
  const clashes = rows.filter((row) => row.isMine);
  const others = rows.filter((row) => !row.isMine);
  const title = make("h2", { tabindex: "-1" }, `Somebody else has changed ${what} meanwhile`);
  const note = clashes.length
    ? "You both changed what stands below. What you typed is kept in the form: save again to put it in place of theirs."
    : "You changed different things. What you typed is kept in the form: save again.";
  place.replaceChildren(title, make("p", {}, note));
  for (const row of clashes) place.append(clash(row, onchange));
  if (others.length) {
    const list = others.map(({ field, theirs }) => `${field.name}: ${shown(theirs)}`).join("; ");
    place.append(make("p", { class: "taken" }, `Taken over from them: ${list}`));
  }
  place.hidden = false;
  place.scrollIntoView({ block: "start" });
  title.focus();
}

function clash({ field, before, mine, theirs }, onchange) {
  const article = make("article", { "data-name": field.name }, make("h3", {}, field.name));
  const columns = [["When you began", before], ["Theirs, stored now", theirs], ["Yours, not stored", mine]];
  const list = make("dl");
  for (const [label, value] of columns) list.append(make("div", {}, make("dt", {}, label), make("dd", {}, shown(value))));
  const choose = (value, text) => {
    const button = make("button", { type: "button" }, text);
    button.addEventListener("click", () => {
      field.value = value;
      onchange();
      field.focus();
    });
    return button;
  };
  article.append(list, make("p", { class: "actions" }, choose(theirs, "Take theirs"), choose(mine, "Keep yours")));
  return article;
}

function shown(value) {
  return value === undefined ? "not set" : typeof value === "object" ? textOf(value).replace(/^$/, "empty") : String(value);
}
