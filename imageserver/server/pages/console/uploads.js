// Files that are dropped or chosen, sent one after the other, each with its progress.

import { bytes, make } from "./console.js";

/** Listen to a zone; `send(file, progress)` stores one file and gives what is then said of it. */
export function listen(zone, send) {
  const list = zone.querySelector(".uploads");
  let turn = Promise.resolve();
  const take = (files) => {
    for (const file of files) {
      const row = show(list, file);
      turn = turn.then(() => store(row, file, send));
    }
  };
  zone.querySelector('input[type="file"]').addEventListener("change", (event) => {
    take([...event.target.files]);
    event.target.value = "";
  });
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("over");
    });
  }
  zone.addEventListener("dragleave", (event) => zone.contains(event.relatedTarget) || zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    take([...event.dataTransfer.files]);
  });
}

function show(list, file) {
  const bar = make("progress", { max: 1, value: 0, "aria-label": `Progress of ${file.name}` });
  const row = make("li", {}, make("span", {}, `${file.name}, ${bytes(file.size)}`), bar);
  list.append(row);
  return row;
}

async function store(row, file, send) {
  const bar = row.querySelector("progress");
  try {
    const done = await send(file, (part) => { bar.value = part; });
    bar.value = 1;
    row.append(done);
  } catch (problem) {
    bar.remove();
    row.append(make("span", { class: "wrong", role: "alert" }, problem.message));
  }
}

