// How the viewer looks. A sheet that is made by script is allowed where pages forbid styles in markup.

const CSS = `
:host {
  --_background: var(--is-viewer-background, #f3f3f0);
  --_color: var(--is-viewer-color, #1c1e21);
  --_accent: var(--is-viewer-accent, #0f766e);
  --_button: var(--is-viewer-button, rgb(255 255 255 / 92%));
  --_button-color: var(--is-viewer-button-color, #1c1e21);
  --_radius: var(--is-viewer-radius, 0.75rem);
  --_thumbnail: var(--is-viewer-thumbnail, 4rem);
  --_line: color-mix(in srgb, var(--_color) 22%, transparent);
  display: flex; flex-direction: column; gap: 0.5rem; position: relative; min-width: 0; color: var(--_color);
  font: var(--is-viewer-font, 0.875rem/1.4 system-ui, sans-serif);
}
:host([hidden]) { display: none; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.stage { position: relative; flex: 1 1 auto; min-height: 0; aspect-ratio: var(--is-viewer-ratio, 4 / 3); border-radius: var(--_radius); background: var(--_background); }
.surface, .surface > canvas, .hotspots, video { position: absolute; inset: 0; width: 100%; height: 100%; border-radius: inherit; }
.surface { overflow: hidden; outline: 0; user-select: none; -webkit-user-select: none; touch-action: pan-y; }
.surface.moves { cursor: grab; }
.surface.moves:active { cursor: grabbing; }
.surface.held { touch-action: none; }
.surface.peeks { cursor: crosshair; }
:is(.surface, button, input, video, .file):focus-visible { outline: 3px solid var(--_accent); outline-offset: 2px; }
video { background: #000; object-fit: contain; }
.lens { position: absolute; left: 0; top: 0; border: 1px solid #fff; background: rgb(255 255 255 / 25%); box-shadow: 0 0 0 1px rgb(0 0 0 / 45%); pointer-events: none; }
.flyout { position: absolute; z-index: 3; top: 0; inset-inline-start: calc(100% + 0.75rem); width: var(--is-viewer-flyout, 100%); height: 100%; overflow: hidden; border-radius: var(--_radius); background: var(--_background); box-shadow: 0 0.5rem 2rem rgb(0 0 0 / 25%); pointer-events: none; }
.flyout.before { inset-inline: auto calc(100% + 0.75rem); }
.flyout.over { inset: auto 0.5rem 0.5rem auto; width: 55%; height: 55%; }
.flyout canvas { display: block; width: 100%; height: 100%; }

.hotspots { overflow: visible; clip-path: inset(0 round var(--_radius)); pointer-events: none; }
.hotspots a { cursor: pointer; outline: 0; }
.pointed a { pointer-events: auto; }
.hotspots polygon { fill: var(--is-viewer-hotspot, transparent); stroke: rgb(255 255 255 / 75%); stroke-width: 1.5; vector-effect: non-scaling-stroke; filter: drop-shadow(0 0 1px #000); transition: fill 0.15s; }
.keyed a:not(:focus-visible) { opacity: 0; }
.hotspots a:hover polygon, .hotspots a:focus-visible polygon { fill: var(--is-viewer-hotspot-active, rgb(15 118 110 / 40%)); }
.hotspots a:focus-visible polygon { stroke: #fff; stroke-width: 4; }

button { font: inherit; color: var(--_button-color); cursor: pointer; }
.icon { display: block; width: 1.25rem; height: 1.25rem; fill: none; stroke: currentcolor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.icon.play { fill: currentcolor; }
:host(:dir(rtl)) .icon:is(.next, .previous) { transform: scaleX(-1); }
.controls { position: absolute; inset-inline-end: 0.6rem; bottom: 0.6rem; display: flex; overflow: hidden; border-radius: 0.65rem; background: var(--_button); box-shadow: 0 1px 4px rgb(0 0 0 / 25%); }
.controls button, .turner button { display: grid; place-items: center; width: 2.5rem; height: 2.5rem; padding: 0; border: 0; background: none; }
.controls button:hover:not([aria-disabled="true"]), .turner button:hover { background: color-mix(in srgb, var(--_accent) 14%, transparent); }
.controls button[aria-disabled="true"] { opacity: 0.35; cursor: default; }
.controls button:focus-visible, .turner button:focus-visible { outline-offset: -3px; border-radius: 0.65rem; }
.pager { position: absolute; top: calc(50% - 1.375rem); display: grid; place-items: center; width: 2.75rem; height: 2.75rem; padding: 0; border: 0; border-radius: 50%; background: var(--_button); box-shadow: 0 1px 4px rgb(0 0 0 / 25%); }
.pager.previous { inset-inline-start: 0.6rem; }
.pager.next { inset-inline-end: 0.6rem; }
.pager[aria-disabled="true"] { opacity: 0.35; cursor: default; }
.targets { position: absolute; inset-inline: 0.6rem; top: 0.6rem; display: flex; flex-wrap: wrap; gap: 0.35rem; pointer-events: none; }
.target { min-height: 1.75rem; padding: 0.2rem 0.7rem; border: 0; border-radius: 1rem; background: var(--_button); box-shadow: 0 1px 4px rgb(0 0 0 / 25%); pointer-events: auto; }
.target:hover { color: var(--_accent); }
.turner { position: absolute; bottom: 0.6rem; inset-inline-start: 0.6rem; display: flex; align-items: center; max-width: calc(100% - 12.5rem); border-radius: 0.65rem; background: var(--_button); box-shadow: 0 1px 4px rgb(0 0 0 / 25%); }
.turner input { flex: 1 1 8rem; min-width: 2rem; margin: 0 0.75rem 0 0.25rem; accent-color: var(--_accent); direction: ltr; }

.busy { position: absolute; inset: auto 0 0; height: 3px; overflow: hidden; border-radius: 0 0 var(--_radius) var(--_radius); opacity: 0; transition: opacity 0.2s 0.15s; pointer-events: none; }
.busy::after { content: ""; position: absolute; inset: 0; background: linear-gradient(90deg, transparent, var(--_accent), transparent); animation: busy 1s infinite linear; }
[aria-busy="true"] > .busy { opacity: 1; }
@keyframes busy { from { transform: translateX(-100%); } to { transform: translateX(100%); } }
.failure { position: absolute; inset: 0; display: flex; flex-direction: column; gap: 0.6rem; align-items: center; justify-content: center; padding: 1.25rem; border-radius: inherit; background: var(--_background); text-align: center; }
.failure p { margin: 0; max-width: 32rem; overflow-wrap: anywhere; }
.failure .reason { font-family: ui-monospace, monospace; font-size: 0.8125rem; opacity: 0.8; }
.failure button, .file { padding: 0.5rem 1.1rem; border: 1px solid var(--_line); border-radius: 2rem; background: var(--_button); color: var(--_button-color); text-decoration: none; }
.file { position: absolute; inset: 0; width: max-content; height: max-content; margin: auto; }
.said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.strips:empty { display: none; }
.strips { display: flex; flex-direction: column; gap: 0.5rem; }
.strip { position: relative; display: flex; gap: 0.4rem; padding: 4px; overflow-x: auto; scrollbar-width: thin; }
.strip button { position: relative; flex: none; width: var(--_thumbnail); height: var(--_thumbnail); padding: 0; overflow: hidden; border: 1px solid var(--_line); border-radius: 0.5rem; background: var(--_background); }
.strip button[aria-pressed="true"] { outline: 2px solid var(--_accent); outline-offset: 1px; }
.strip button:focus-visible { outline: 3px solid var(--_accent); }
.strip img, .color { display: block; width: 100%; height: 100%; object-fit: contain; }
.strip button:not([data-kind=""])::after { content: ""; position: absolute; inset-inline-end: 3px; bottom: 3px; width: 0.95rem; height: 0.95rem; border-radius: 50%; border: 2px solid #fff; background: var(--_accent); }
.strip button[data-kind="spin"]::after { border-inline-start-color: transparent; }
.strip button[data-kind="set"]::after { border-radius: 2px; }

:host(:fullscreen), :host(.expanded) { padding: 0.75rem; background: var(--is-viewer-full-background, var(--_background)); }
:host(.expanded) { position: fixed; inset: 0; z-index: 2147483000; width: auto !important; height: auto !important; max-width: none !important; }
:host(:is(:fullscreen, .expanded)) .stage { aspect-ratio: auto; }
@media (forced-colors: active) {
  .controls, .turner, .target, .pager { border: 1px solid; }
  .strip button[aria-pressed="true"] { outline-color: Highlight; }
}
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
`;

/** @returns {CSSStyleSheet} one sheet for all viewers of a page */
export const sheet = new CSSStyleSheet();
sheet.replaceSync(CSS);
