// The variables of a template: fields of a form on one side, the `$name=value` pieces of a command string on the other.

export class Fields {
  /** `change` is called when a person has changed a field. */
  constructor(element, change) {
    this.element = element;
    this.fields = [...element.querySelectorAll(".field")].map((one) => new Field(one, change));
    element.hidden = false;
    element.querySelector(".defaults").addEventListener("click", () => {
      for (const field of this.fields) field.set(field.first);
      change();
    });
  }

  /** Show what a command string says; a variable that it does not define has its default. */
  read(commands) {
    const defined = new Map(cut(commands).map((piece) => [variableOf(piece), valueOf(piece)]));
    for (const field of this.fields) field.show(defined.get(field.key) ?? field.first);
    this.mark();
  }

  /** Give a command string with what the fields hold; those that hold their default add nothing. */
  write(commands) {
    let pieces = cut(commands);
    for (const field of this.fields) {
      const own = pieces.filter((piece) => variableOf(piece) === field.key);
      const kept = own.at(-1);
      if (field.isDefault()) pieces = pieces.filter((piece) => !own.includes(piece));
      else if (!kept) pieces.push(field.piece());
      else if (valueOf(kept) !== field.value) pieces[pieces.lastIndexOf(kept)] = field.piece();
    }
    this.mark();
    return pieces.filter(Boolean).join("&");
  }

  mark() {
    this.element.querySelector(".defaults").disabled = this.fields.every((field) => field.isDefault());
  }
}

class Field {
  constructor(element, change) {
    this.name = element.dataset.variable;
    this.key = this.name.toLowerCase();
    this.input = element.querySelector(".value");
    this.aid = element.querySelector(".aid");
    this.first = this.input.value;
    this.input.addEventListener("input", () => {
      this.guide();
      change();
    });
    this.aid?.addEventListener("input", () => {
      const isFirst = this.aid.value === this.aid.defaultValue;
      this.input.value = isFirst ? this.first : this.aid.value.replace("#", "");
      change();
    });
  }

  get value() {
    return this.input.value;
  }

  /** A number that is being typed anew is no value yet. */
  isDefault() {
    return this.value === this.first || (this.input.type === "number" && this.value === "");
  }

  piece() {
    return `$${this.name}=${escaped(this.value)}`;
  }

  /** Follow the command string, but do not disturb who is typing here. */
  show(value) {
    if (document.activeElement !== this.input && document.activeElement !== this.aid) this.set(value);
  }

  set(value) {
    if (this.input.value !== value) this.input.value = this.input.type === "number" ? value.trim() : value;
    this.guide();
  }

  /** Let picker or slider follow what is written, where they can. */
  guide() {
    if (!this.aid) return;
    const color = this.aid.type === "color" ? hexOf(this.value) : this.value;
    if (this.value === this.first) this.aid.value = this.aid.defaultValue;
    else if (color) this.aid.value = color;
  }
}

/** Cut a command string into pieces; what stands in brackets belongs to a request of its own. */
function cut(commands) {
  const pieces = [""];
  let depth = 0;
  for (const character of commands) {
    if ("{(".includes(character)) depth += 1;
    if ("})".includes(character)) depth = Math.max(0, depth - 1);
    if (!depth && "&?".includes(character)) pieces.push("");
    else pieces[pieces.length - 1] += character;
  }
  return pieces;
}

function variableOf(piece) {
  const name = unescaped(piece.split("=", 1)[0]).trim();
  return name.startsWith("$") && piece.includes("=") ? name.replace(/^\$+|\$+$/g, "").toLowerCase() : null;
}

function valueOf(piece) {
  return unescaped(piece.slice(piece.indexOf("=") + 1));
}

/** Escape a value; what separates the parts of a name or a list stays readable. */
function escaped(value) {
  const written = encodeURIComponent(value.toWellFormed?.() ?? value);
  return written.replace(/%(2F|2C|3A)/g, decodeURIComponent).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);
}

function unescaped(text) {
  try {
    return decodeURIComponent(text.replaceAll("+", " ").replace(/%(?![0-9a-f]{2})/gi, "%25"));
  } catch {
    return text;
  }
}

/** Write a colour of the usual kinds as a picker has it. */
function hexOf(text) {
  const packed = /^(?:0x)?([0-9a-f]{6})(?:[0-9a-f]{2})?$/i.exec(text.trim());
  if (packed) return `#${packed[1].toLowerCase()}`;
  const listed = /^(\d{1,3}),(\d{1,3}),(\d{1,3})$/.exec(text.replaceAll(" ", ""));
  return listed ? `#${listed.slice(1).map((one) => Math.min(255, one).toString(16).padStart(2, "0")).join("")}` : "";
}
