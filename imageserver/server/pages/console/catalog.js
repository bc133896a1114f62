// The page of a catalog: pictures that are dropped become records.

import { apiOf, PREFIX, upload } from "./api.js";
import { make } from "./console.js";
import { listen } from "./uploads.js";

const zone = document.querySelector(".drop");

if (zone) {
  const { catalog } = zone.dataset;
  listen(zone, async (file, progress) => {
    const id = file.name.replace(/\.[^.]+$/, "");
    const page = `${PREFIX}/catalogs/${encodeURIComponent(catalog)}/images/${encodeURIComponent(id)}`;
    try {
      await upload(`${apiOf(catalog, "images", id, "source")}?path=${encodeURIComponent(file.name)}`, file, "", progress);
    } catch (problem) {
      if (problem.status === 428) problem.message = `There is a record '${id}' already; replace its file on its own page.`;
      throw problem;
    }
    return make("a", { class: "done", href: page }, `Stored as ${id}`);
  });
}

for (const image of document.querySelectorAll(".thumb img")) {
  image.addEventListener("error", () => image.replaceWith(make("span", { class: "none" }, "no picture")));
}
