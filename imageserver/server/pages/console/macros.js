// The page of macros: the catalog's own ones are edited, taken away and added.

import { Form } from "./form.js";
import { make } from "./console.js";
import { OwnField } from "./fields.js";

const NAME = /^[A-Za-z0-9._!-]+$/;

class MacroField extends OwnField {
  constructor(element, isNew = false) {
    super(element);
    this.isNew = isNew;
    this.isGone = false;
    this.button = element.querySelector(".remove");
    this.button?.addEventListener("click", () => this.turn(!this.isGone));
  }

  get value() {
    return this.isGone ? undefined : super.value;
  }

  set value(value) {
    this.isGone = value === undefined;
    if (value !== undefined) super.value = value;
    this.show();
  }

  turn(isGone) {
    if (this.isNew && this.base === undefined) return this.remove();
    this.isGone = isGone;
    this.show();
    return this.onchange();
  }

  show() {
    this.element.classList.toggle("gone", this.isGone);
    this.input.disabled = this.isGone;
    if (this.button) this.button.textContent = this.isGone ? "Keep" : "Take away";
  }

  remove() {
    this.element.remove();
    form.fields.delete(this.name);
    form.update();
  }
}

const element = document.querySelector("form.fields");
const form = new Form(element, [...element.querySelectorAll(".field")].map((one) => new MacroField(one)), clear);
const adding = element.querySelector(".adding");

/** Take away the rows of macros that the server has not any more. */
function clear() {
  for (const field of [...form.fields.values()]) if (field.isGone && field.base === undefined) field.remove();
}

adding?.querySelector(".add").addEventListener("click", () => {
  const [name, text] = [adding.querySelector(".new-name"), adding.querySelector(".new-text")];
  const known = [...form.fields.keys()].some((one) => one.toLowerCase() === name.value.toLowerCase());
  const reason = !NAME.test(name.value) ? "A name of letters, digits, '-', '_', '.' and '!' is needed." : known ? "There is one of that name." : "";
  adding.querySelector(".wrong").textContent = reason;
  if (reason) return name.focus();
  const id = `new-${form.fields.size}`;
  const row = make("div", { class: "field macro", "data-name": name.value, "data-kind": "long", "data-value": "null" },
    make("label", { for: id }, `$${name.value}$`),
    make("textarea", { id, rows: 1, spellcheck: "false" }),
    make("button", { class: "quiet remove", type: "button" }, "Take away"),
    make("p", { class: "wrong", role: "alert" }));
  row.querySelector("textarea").value = text.value;
  element.querySelector(".rows .empty")?.remove();
  element.querySelector(".rows").append(row);
  const field = new MacroField(row, true);
  form.add(field);
  form.changed(field);
  [name.value, text.value] = ["", ""];
  return name.focus();
});
