// Crops, targets and maps as they stand in YAML ⇄ areas that are drawn on a picture.
//
// An area has a shape (rect, circle or poly; none for what cannot be drawn, such as the rest of the picture), its
// coordinates, and `facts`: what else is said of it.

const TARGET_LINE = /^Target\.(\d+)\.(frame|rect|label|userData)$/i;
const TARGET_FIELDS = { frame: "frame", rect: "rect", label: "label", userdata: "user_data" };

const numbers = (value) => (Array.isArray(value) ? value : String(value ?? "").split(",")).map(Number);
const rounded = (values) => values.map((one) => String(Math.round(one)));
const rectOf = ([x, y, width, height]) => ({ shape: "rect", points: [x, y, width, height] });

export const crops = {
  title: "crop",
  facts: [["name", "Name", "all"]],
  shapes: ["rect"],
  read: (value) => Object.entries(value ?? {}).map(([name, rect]) => ({ ...rectOf(numbers(rect)), facts: { name } })),
  write: (areas) => (areas.length ? Object.fromEntries(areas.map((one) => [one.facts.name, rounded(one.points)])) : undefined),
  label: (area) => area.facts.name || "(no name)",
  fresh: (areas) => ({ name: freeName("crop", areas.map((one) => one.facts.name)) }),
  wrong: (area, areas) => {
    if (!area.facts.name.trim()) return "A crop needs a name.";
    return areas.filter((one) => one.facts.name === area.facts.name).length > 1 ? "There are two crops of that name." : "";
  },
  summarise: (value) => Object.keys(value ?? {}).join(", ") || "none",
};

export const targets = {
  title: "target",
  facts: [["label", "Label", "wide"], ["frame", "Frame", ""], ["user_data", "User data", ""]],
  shapes: ["rect"],
  read: (value) => targetList(value).map(({ rect, ...facts }) => ({ ...rectOf(numbers(rect)), facts })),
  write: (areas) => (areas.length ? areas.map((one) => ({ rect: rounded(one.points), ...filled(one.facts) })) : undefined),
  label: (area, number) => area.facts.label || `target ${number}`,
  fresh: () => ({}),
  wrong: () => "",
  summarise: (value) => targetList(value).map((one, i) => one.label || `target ${i + 1}`).join(", ") || "none",
};

export const map = {
  title: "area",
  facts: [["href", "Link", "wide"], ["alt", "Text", "wide"]],
  shapes: ["rect", "circle", "poly"],
  read: (value) => [...parsed(value ?? "").querySelectorAll("area")].map(areaOf),
  write: (areas) => (areas.length ? areas.map(written).join("\n") : undefined),
  label: (area, number) => area.facts.alt || area.facts.title || area.facts.href || `area ${number}`,
  fresh: () => ({ href: "", alt: "" }),
  wrong: () => "",
  summarise: (value) => value ?? "",
};

export const KINDS = { crops, targets, map };

function freeName(start, taken) {
  for (let number = 1; ; number += 1) if (!taken.includes(`${start}${number}`)) return `${start}${number}`;
}

function filled(facts) {
  return Object.fromEntries(Object.entries(facts).filter(([, text]) => text));
}

/** Give targets as a list, whether they stand there as one or as properties. */
function targetList(value) {
  if (!value) return [];
  if (Array.isArray(value)) return value;
  const lines = typeof value === "object" ? Object.entries(value) : String(value).split(/\?\?|\n/).map((line) => line.split(/=(.*)/s));
  const found = new Map();
  for (const [name, text] of lines) {
    const match = TARGET_LINE.exec(name.trim());
    if (match) found.set(match[1], { ...found.get(match[1]), [TARGET_FIELDS[match[2].toLowerCase()]]: text });
  }
  return [...found].sort(([one], [other]) => one - other).map(([, target]) => target);
}

/** Read HTML without loading or running anything of it. */
function parsed(text) {
  return new DOMParser().parseFromString(`<map>${text}</map>`, "text/html");
}

function areaOf(element) {
  const { shape = "rect", coords = "", ...facts } = Object.fromEntries([...element.attributes].map((one) => [one.name, one.value]));
  const at = coords.split(",").map(Number);
  const isKnown = !at.some(Number.isNaN);
  if (isKnown && /^rect/i.test(shape) && at.length >= 4) return { shape: "rect", points: [at[0], at[1], at[2] - at[0], at[3] - at[1]], facts };
  if (isKnown && /^circ/i.test(shape) && at.length >= 3) return { shape: "circle", points: at.slice(0, 3), facts };
  if (isKnown && /^poly/i.test(shape) && at.length >= 6) return { shape: "poly", points: at.slice(0, at.length - (at.length % 2)), facts };
  return { shape: "none", points: [], facts, written: { shape, coords } };
}

function written({ shape: drawn, points, facts, written: before }) {
  const [x, y, width, height] = points;
  const shape = before?.shape ?? drawn;
  const coords = before?.coords ?? rounded(drawn === "rect" ? [x, y, x + width, y + height] : points).join(",");
  const rest = Object.entries(facts).filter(([name, text]) => text || name === "alt" || name === "href");
  const attributes = [["shape", shape], ...(coords ? [["coords", coords]] : []), ...rest];
  return `<area ${attributes.map(([name, text]) => `${name}="${escaped(text)}"`).join(" ")}>`;
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
