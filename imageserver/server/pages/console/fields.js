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
  properties: (text, base) => (typeof base === "string" ? text : propertiesOf(text, base ?? {})),
};

/** Read lines of name=value; a value that says what it said before stays as it was written. */
function propertiesOf(text, base) {
  const pairs = text.split("\n").filter((line) => line.trim()).map((line) => line.split(/=(.*)/s));
  return Object.fromEntries(pairs.map(([name, value = ""]) => {
    const before = base[name.trim()];
    return [name.trim(), before !== undefined && textOf(before) === value ? before : value];
  }));
}

/** Read a text as a value of its kind, and in the form that the value had before. */
function read(kind, text, base) {
  return READERS[Array.isArray(base) ? "list" : kind]?.(text, base) ?? text;
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
    return read(this.kind, text, this.base);
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
    return text.trim() ? read(this.kind, text, this.base) : text;
  }

  set value(value) {
    if (this.own) {
      this.own.checked = value !== undefined;
      this.input.disabled = value === undefined;
    }
    super.value = value ?? this.element.dataset.below ?? "";
  }
}
