// The page of attributes.

import { Form } from "./form.js";
import { OwnField } from "./fields.js";

class AttributeField extends OwnField {
  mark() {
    super.mark();
    const origin = this.element.querySelector(".origin");
    origin.dataset.first ??= origin.textContent;
    const isOwn = this.own?.checked ?? origin.dataset.first === "own";
    origin.textContent = isOwn ? "own" : origin.dataset.first === "own" ? "taken over" : origin.dataset.first;
    origin.className = `origin ${origin.textContent.split(" ")[0]}`;
  }
}

const element = document.querySelector("form.fields");
new Form(element, [...element.querySelectorAll(".field")].map((one) => new AttributeField(one)), () => {
  for (const origin of element.querySelectorAll(".origin")) origin.dataset.first = origin.textContent;
});
