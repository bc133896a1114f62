// What was stored of a record before: compared with what is there now, and put in place again.

import { apiOf, PREFIX, send } from "./api.js";

const SHOWN = "wid=800&hei=800&fit=constrain&fmt=webp&qlt=90";

/** Listen to the buttons of the history; `etagOf` gives the tag of the record, `refuse` tells what went wrong. */
export function listen(root, etagOf, refuse, leave) {
  const { catalog, id } = root.dataset;
  const panel = root.querySelector(".comparison");
  const current = root.querySelector("[data-current]");
  const pictures = panel.querySelectorAll("img");
  const captions = panel.querySelectorAll("figcaption");

  for (const row of root.querySelectorAll(".revisions li")) {
    row.querySelector(".compare")?.addEventListener("click", () => {
      compare(row);
      panel.hidden = false;
      panel.scrollIntoView({ block: "nearest" });
    });
    row.querySelector(".restore")?.addEventListener("click", () => restore(row.dataset.version));
  }
  panel.querySelector(".close").addEventListener("click", () => { panel.hidden = true; });
  for (const button of panel.querySelectorAll("[data-how]")) {
    button.addEventListener("click", () => {
      panel.querySelector(".pair").classList.toggle("difference", button.dataset.how === "difference");
      for (const one of panel.querySelectorAll("[data-how]")) one.setAttribute("aria-pressed", String(one === button));
    });
  }

  function compare(row) {
    [row, current].forEach((one, i) => {
      const { version, stored, note } = one?.dataset ?? {};
      pictures[i].hidden = !version;
      if (version) pictures[i].src = `${PREFIX}/pictures/revision/${[catalog, id, version].map(encodeURIComponent).join("/")}?${SHOWN}`;
      captions[i].textContent = version ? `${i ? "Now" : "Then"}: ${new Date(stored * 1000).toLocaleString()}, ${note}` : "There is none now.";
    });
  }

  async function restore(version) {
    try {
      await send(apiOf(catalog, "images", id, "revisions", version, "restore"), { method: "POST", etag: etagOf() });
      leave();
    } catch (problem) {
      refuse(problem.status === 412 ? "Not restored: this record has changed meanwhile. Load the page again, and look at it first." : problem.message);
    }
  }
}
