// A form over something that others may change meanwhile: what is typed is checked, saved with the revision that was
// seen, and kept when somebody else was faster.

import { send } from "./api.js";
import { showConflict } from "./conflict.js";
import { make, say } from "./console.js";
import { same } from "./fields.js";

const PAUSE = 500;

export class Form {
  /** `fields` are those that there are now; `onsaved` is told what the server has after a save. */
  constructor(element, fields, onsaved = () => {}) {
    this.element = element;
    this.fields = new Map();
    this.etag = element.dataset.etag;
    this.onsaved = onsaved;
    this.isReadonly = "readonly" in element.dataset;
    this.gone = new Map();
    fields.forEach((field) => this.add(field));
    if (this.isReadonly) return;
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.save();
    });
    element.querySelector(".undo").addEventListener("click", () => this.undo());
    addEventListener("beforeunload", (event) => this.isDirty && !this.isLeaving && event.preventDefault());
    this.update();
  }

  add(field) {
    this.fields.set(field.name, field);
    field.onchange = () => this.changed(field);
  }

  /** What differs from what was seen; null takes a field away. */
  get changes() {
    const found = [...this.fields.values()].filter((one) => one.isChanged).map((one) => [one.name, one.value ?? null]);
    return Object.fromEntries(found);
  }

  /** The same as a merge patch, in which null takes a name out of a mapping, too. */
  patchOf(changes) {
    return Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, patched(this.fields.get(name).base, value)]));
  }

  get isDirty() {
    return Object.keys(this.changes).length > 0;
  }

  changed(field) {
    field.blame();
    this.update();
    clearTimeout(this.timer);
    if (this.element.dataset.check && !this.isReadonly) this.timer = setTimeout(() => this.check(), PAUSE);
  }

  update() {
    for (const field of this.fields.values()) field.mark();
    const count = Object.keys(this.changes).length;
    this.tell(count ? `${count} change${count > 1 ? "s" : ""} not saved` : "No changes.", false, Object.keys(this.changes));
    if (this.isReadonly) return;
    for (const name of [".save", ".undo"]) this.element.querySelector(name).disabled = !count;
  }

  tell(text, isWrong = false, names = []) {
    const state = this.element.querySelector(".saver .state");
    if (!state) return;
    state.replaceChildren(text, ...(names.length ? [make("span", { class: "names" }, `: ${names.join(", ")}`)] : []));
    state.classList.toggle("wrong", isWrong);
  }

  undo() {
    for (const field of [...this.fields.values()]) {
      field.value = field.base;
      field.blame();
      if (field.base === undefined && field.isNew) field.remove();
    }
    this.element.querySelector(".conflict").hidden = true;
    this.update();
    this.showDiff("");
  }

  /** Ask what a save would be refused for, and what it would change in YAML. */
  async check() {
    const changes = this.changes;
    if (!Object.keys(changes).length) return this.showDiff("");
    try {
      const { data } = await send(this.element.dataset.check, { method: "POST", body: { fields: this.patchOf(changes) } });
      if (!same(changes, this.changes)) return undefined;
      for (const field of this.fields.values()) field.blame(data.problems[field.name]);
      if (data.problems[""]) this.tell(data.problems[""], true);
      this.showDiff(data.diff);
    } catch (problem) {
      this.tell(problem.message, true);
    }
    return undefined;
  }

  showDiff(text) {
    const panel = this.element.querySelector(".diff");
    if (!panel) return;
    panel.hidden = !text;
    panel.querySelector("pre").replaceChildren(...text.split("\n").map(lineOf));
  }

  async save() {
    if (!this.isDirty || this.isSaving) return;
    clearTimeout(this.timer);
    this.isSaving = true;
    this.tell("Saving…");
    const { url, member } = this.element.dataset;
    const changes = this.changes;
    try {
      const { data, etag } = await send(url, { method: "PATCH", body: { [member]: this.patchOf(changes) }, etag: this.etag });
      this.take(data[member], etag, changes);
      this.element.querySelector(".conflict").hidden = true;
      this.showDiff("");
      say("Saved");
      this.onsaved(data);
    } catch (problem) {
      await this.refused(problem);
    } finally {
      this.isSaving = false;
    }
  }

  /** Go on from what the server has; what was typed while it was being saved stays. */
  take(stored, etag, sent) {
    for (const field of this.fields.values()) {
      const typed = field.value;
      const untouched = same(typed ?? null, field.name in sent ? sent[field.name] : field.base ?? null);
      field.base = field.name in stored ? stored[field.name] : undefined;
      field.value = untouched ? field.base : typed;
      field.blame();
    }
    this.etag = etag;
    this.update();
  }

  async refused(problem) {
    if (problem.status === 412) return this.merge();
    const field = [...this.fields.values()].find((one) => problem.where.split(/[.[\]]/).includes(one.name));
    field?.blame(problem.message);
    field?.focus();
    return this.tell(problem.message, true);
  }

  /** Somebody was faster: show what they changed, keep what was typed, and go on from their revision. */
  async merge() {
    const { url, member, what } = this.element.dataset;
    const place = this.element.querySelector(".conflict");
    try {
      const { data, etag } = await send(url);
      const stored = data[member];
      const rows = [];
      for (const field of this.fields.values()) {
        const [before, mine, theirs] = [field.base, field.value, field.name in stored ? stored[field.name] : undefined];
        field.base = theirs;
        if (same(before, theirs)) continue;
        const isMine = !same(mine, before) && !same(mine, theirs);
        field.value = isMine ? mine : theirs;
        rows.push({ field, before, mine: isMine ? mine : undefined, theirs, isMine });
      }
      this.etag = etag;
      this.update();
      this.onsaved(data);
      showConflict(place, what, rows, () => this.update());
      this.tell("Not saved: look at what has changed above, then save again.", true);
    } catch (problem) {
      const gone = problem.status === 404;
      this.tell(gone ? `Not saved: ${what} was removed meanwhile. What you typed stays here.` : problem.message, true);
    }
  }
}

function patched(base, value) {
  if (![base, value].every((one) => one && typeof one === "object" && !Array.isArray(one))) return value;
  const gone = Object.keys(base).filter((name) => !(name in value));
  return { ...value, ...Object.fromEntries(gone.map((name) => [name, null])) };
}

function lineOf(line) {
  const kind = { "+": "in", "-": "out", "@": "at" }[line[0]] ?? "";
  return Object.assign(document.createElement("span"), { className: kind, textContent: `${line}\n` });
}
