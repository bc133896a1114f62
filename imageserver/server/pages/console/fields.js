// Fields of a form: a text or a drawing on one side, what stands in YAML on the other.

/** Write a value as the text in which it is edited. */
export function textOf(value) {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map(textOf).join(", ");
  if (typeof value === "object") return Object.entries(value).map(([name, one]) => `${name}=${textOf(one)}`).join("\n");
  return String(value);
}

/** Tell whether two values are the same; what is not set is like nothing else. */
export function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

const READERS = {
  list: (text) => (text.includes(",") ? text.split(",").map((one) => one.trim()) : text.trim()),
  properties: (text) => Object.fromEntries(text.split("\n").filter((line) => line.trim()).map(pairOf)),
};

function pairOf(line) {
  const [name, ...rest] = line.split("=");
  return [name.trim(), rest.join("=")];
}

/** A field whose value is a text, or is written as one; an empty one is not set. */
export class TextField {
  constructor(element) {
    this.element = element;
    this.name = element.dataset.name;
    this.kind = element.dataset.kind;
    this.input = element.querySelector("input, textarea, select");
    this.base = "set" in element.dataset ? JSON.parse(element.dataset.value) : undefined;
    this.input?.addEventListener("input", () => this.onchange?.());
  }

  get value() {
    const text = this.input.value;
    if (text === textOf(this.base)) return this.base;
    if (!text.trim()) return undefined;
    return READERS[this.kind]?.(text) ?? text;
  }

  set value(value) {
    if (this.kind === "word" && value !== undefined && ![...this.input.options].some((one) => one.value === value)) {
      this.input.append(new Option(value));
    }
    this.input.value = textOf(value);
    this.ondrawn?.();
  }

  get isChanged() {
    return !same(this.value, this.base);
  }

  /** Say what is wrong with it; nothing takes that back. */
  blame(reason = "") {
    this.element.querySelector(".wrong").textContent = reason;
    if (reason) this.input?.setAttribute("aria-invalid", "true");
    else this.input?.removeAttribute("aria-invalid");
  }

  mark() {
    this.element.classList.toggle("changed", this.isChanged);
  }

  focus() {
    this.element.closest("details")?.setAttribute("open", "");
    (this.input ?? this.element).focus();
    this.element.scrollIntoView({ block: "center" });
  }
}

/** A field whose value is drawn on the picture; `summary` says what there is. */
export class DrawnField extends TextField {
  constructor(element, summarise) {
    super(element);
    this.summarise = summarise;
    this.held = this.base;
    this.tell();
  }

  get value() {
    return this.held;
  }

  set value(value) {
    this.held = same(value, this.base) ? this.base : value;
    this.tell();
    this.ondrawn?.();
  }

  tell() {
    this.element.querySelector(".summary").textContent = this.summarise(this.held);
  }
}

/** An attribute or a macro, which a catalog may define as an empty text, too; `own` says whether it does. */
export class OwnField extends TextField {
  constructor(element) {
    super(element);
    this.own = element.querySelector("input.own");
    this.own?.addEventListener("change", () => {
      this.input.disabled = !this.own.checked;
      this.input.value = this.own.checked ? textOf(this.base) || element.dataset.below : element.dataset.below;
      this.onchange?.();
    });
  }

  get value() {
    if (this.own && !this.own.checked) return undefined;
    const text = this.input.value;
    if (this.base !== undefined && text === textOf(this.base)) return this.base;
    return text.trim() ? (READERS[this.kind]?.(text) ?? text) : text;
  }

  set value(value) {
    if (this.own) {
      this.own.checked = value !== undefined;
      this.input.disabled = value === undefined;
    }
    super.value = value ?? this.element.dataset.below ?? "";
  }
}
