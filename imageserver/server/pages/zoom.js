// The preview of a record: the viewer, as large as the window.

const dialog = document.getElementById("zoom");
const viewer = dialog.querySelector("is-viewer");

/** Show a record: its picture to zoom into, or its set. */
export function openZoom(base, title) {
  viewer.setAttribute("alt", title);
  viewer.setAttribute("src", base);
  dialog.showModal();
  viewer.focus();
}

dialog.querySelector(".close").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => viewer.removeAttribute("src"));
