// The page of a record: its form, its picture, its files and its history.

import { apiOf, PREFIX, send, upload } from "./api.js";
import { KINDS } from "./areas.js";
import { make, say, tellTime } from "./console.js";
import { DrawnField, TextField } from "./fields.js";
import { Form } from "./form.js";
import { listen as listenToHistory } from "./history.js";
import { Stage } from "./stage.js";
import { listen as listenToFiles } from "./uploads.js";

const root = document.querySelector(".record");
const { catalog, id } = root.dataset;
const element = document.querySelector("form.fields");

const fieldOf = (one) => (KINDS[one.dataset.name] && one.dataset.kind !== "long" ? new DrawnField(one, KINDS[one.dataset.name].summarise) : new TextField(one));
const form = element && new Form(element, [...element.querySelectorAll(".field")].map(fieldOf), saved);
const map = form?.fields.get("map");
const stage = form && new Stage(root, (name) => form.fields.get(name));

map?.input.addEventListener("input", () => map.ondrawn?.());
listenToHistory(root, () => form?.etag ?? "", say, leave);

/** Show what the server has now. */
function saved(data) {
  stage.refresh(data.rev);
  document.querySelector(".heading .rev").textContent = data.rev;
  const time = document.querySelector(".heading time");
  time.dataset.milliseconds = data.changed_at;
  tellTime(time);
}

/** Load the page anew, unless that would lose what was typed. */
function leave() {
  if (form?.isDirty) {
    say("Stored. Save or undo your changes, then load the page again to see it.");
    return;
  }
  location.reload();
}

const drop = root.querySelector(".drop");
if (drop) {
  listenToFiles(drop, async (file, progress) => {
    const what = drop.querySelector("[name=what]:checked").value;
    const place = drop.querySelector(".path").value.trim() || (hasFile(what) ? "" : file.name);
    const query = place ? `?path=${encodeURIComponent(place)}` : "";
    const { data, etag } = await upload(`${apiOf(catalog, "images", id, what)}${query}`, file, form?.etag ?? "", progress);
    form?.take(data.fields, etag, {});
    setTimeout(leave, 600);
    return make("span", { class: "done" }, `Stored as the ${what}`);
  });
}

function hasFile(what) {
  return Boolean(form?.fields.get(what === "mask" ? "mask_path" : "path")?.base);
}

/** Open a dialog; `act` does what it is about, and what it refuses is told in the dialog. */
function dialog(name, act) {
  const place = document.querySelector(`.${name}-dialog`);
  document.querySelector(`.heading .${name}`)?.addEventListener("click", () => place.showModal());
  place.querySelector(".cancel").addEventListener("click", () => place.close());
  place.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const to = await act(place);
      form.isLeaving = true;
      location.href = to;
    } catch (problem) {
      place.querySelector(".wrong").textContent = problem.message;
    }
  });
}

dialog("rename", async (place) => {
  const to = place.querySelector("#new-id").value.trim();
  await send(`${apiOf(catalog, "images", id)}/rename`, { method: "POST", body: { id: to }, etag: form.etag });
  return `${PREFIX}/catalogs/${encodeURIComponent(catalog)}/images/${encodeURIComponent(to)}`;
});

dialog("delete", async (place) => {
  const files = place.querySelector(".files").checked ? "?files=true" : "";
  await send(`${apiOf(catalog, "images", id)}${files}`, { method: "DELETE", etag: form.etag });
  return `${PREFIX}/catalogs/${encodeURIComponent(catalog)}`;
});
