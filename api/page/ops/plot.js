import { element } from "../elements.js";
import { moment, table } from "./pieces.js";

/** The page has one, so that no address of another host stands in a script. */
const SVG = document.getElementById("drawing").content.firstElementChild.namespaceURI;
const WIDTH = 600;
const HEIGHT = 150;

/**
 * Lines over time.
 *
 * @param title of the plot.
 * @param lines each a `name`, what it `reads` of a point, how it `says` a number, and the `tone` of its colour.
 * @param points of the API's series, and its `marks`.
 */
export function plot(title, lines, points, marks) {
  const most = Math.max(1, ...points.flatMap((point) => lines.map(({ reads }) => reads(point) ?? 0)));
  const says = lines[0].says;
  return element(
    "figure",
    { className: "plot" },
    element("figcaption", {}, element("b", { text: title }), ...lines.map(legend)),
    element("div", { className: "canvas" }, element("span", { className: "most", text: says(most) }), drawing(title, lines, points, marks, most)),
    element("div", { className: "ends" }, points.length ? moment(points[0].at) : "", points.length ? moment(points.at(-1).at) : ""),
    ...marks.map((mark) => element("p", { className: "mark" }, moment(mark.at), ` ${nameOf(mark)}`)),
    numbers(title, lines, points),
  );
}

/** A small line without any words. */
export function spark(values) {
  const svg = make("svg", { class: "spark", viewBox: "0 0 120 28", preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" });
  const known = values.map((value) => value ?? 0);
  if (known.length > 1) svg.append(make("polyline", { points: path(known, Math.max(1, ...known), 120, 26) }));
  return svg;
}

function legend({ name, tone }) {
  return element("span", { className: `legend ${tone}`, text: name });
}

function drawing(title, lines, points, marks, most) {
  const svg = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": summary(title, lines, points) });
  for (const share of [0, 0.5, 1]) svg.append(make("line", { class: "grid", x1: 0, x2: WIDTH, y1: HEIGHT * share, y2: HEIGHT * share }));
  if (points.length < 2) return svg;
  const begin = Date.parse(points[0].at);
  const span = Date.parse(points.at(-1).at) - begin;
  const x = (at) => ((Date.parse(at) - begin) / span) * WIDTH;
  for (const mark of marks) {
    const line = make("line", { class: "mark-line", x1: x(mark.at), x2: x(mark.at), y1: 0, y2: HEIGHT });
    line.append(make("title", {}, nameOf(mark)));
    svg.append(line);
  }
  for (const { reads, tone } of lines) {
    const at = points.map((point) => `${x(point.at).toFixed(1)},${(HEIGHT - ((reads(point) ?? 0) / most) * HEIGHT).toFixed(1)}`);
    svg.append(make("polyline", { class: tone, points: at.join(" ") }));
  }
  return svg;
}

function path(values, most, width, height) {
  const step = width / (values.length - 1);
  return values.map((value, at) => `${(at * step).toFixed(1)},${(height + 1 - (value / most) * height).toFixed(1)}`).join(" ");
}

function summary(title, lines, points) {
  if (!points.length) return `${title}: nothing is known yet.`;
  const last = points.at(-1);
  return `${title}. ${lines.map(({ name, reads, says }) => `${name} ${says(reads(last) ?? 0)}`).join(", ")} at the end.`;
}

function numbers(title, lines, points) {
  const rows = points.toReversed().map((point) => [moment(point.at), ...lines.map(({ reads, says }) => says(reads(point) ?? 0))]);
  const details = element("details", { className: "as-table" }, element("summary", { className: "small quiet", text: "As a table" }));
  details.addEventListener("toggle", () => {
    if (details.open && !details.querySelector("table")) details.append(table(title, ["At", ...lines.map(({ name }) => name)], rows));
  });
  return details;
}

function nameOf(mark) {
  return mark.what ? `${mark.what} came into service` : "no worker any more";
}

function make(tag, attributes, text = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}
