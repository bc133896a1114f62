// Light or dark before the first pixel: as the system has it, or as was chosen on this machine.
(() => {
  const chosen = localStorage.getItem("imageserver-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
