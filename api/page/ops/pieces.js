import { element } from "../elements.js";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A table; `rows` are lists of what stands in the cells: texts, or elements. */
export function table(caption, columns, rows) {
  const cells = (row) => row.map((cell) => element("td", {}, cell ?? ""));
  return element(
    "div",
    { className: "scroll", tabIndex: 0, role: "group", ariaLabel: caption },
    element(
      "table",
      {},
      element("caption", { className: "clipped", text: caption }),
      element("thead", {}, element("tr", {}, ...columns.map((text) => element("th", { scope: "col", text })))),
      element("tbody", {}, ...rows.map((row) => element("tr", {}, ...cells(row)))),
    ),
  );
}

/** Put something new in a place, unless somebody is at something in it with the keyboard. */
export function put(place, ...children) {
  const active = document.activeElement;
  if (active === place || !place.contains(active)) place.replaceChildren(...children);
}

/** A link to the documentation; addresses are relative, since a proxy may serve all of it under a path. */
export function helpLink(text, help, className = "") {
  return element("a", { href: help.replace(/^\//, ""), text, className });
}

/** A moment, as the clock on the wall has it. */
export function moment(text) {
  const at = new Date(text);
  const isToday = at.toDateString() === new Date().toDateString();
  const shown = isToday ? at.toLocaleTimeString() : at.toLocaleString();
  return element("time", { dateTime: text, title: text, text: shown });
}

/** Seconds from one moment to another, or until now if that has not come; none before it, whatever the clocks say. */
export function secondsFrom(begin, end) {
  return Math.max(0, ((end ? Date.parse(end) : Date.now()) - Date.parse(begin)) / 1000);
}

/** How long something takes, in one or two units. */
export function took(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < MINUTE) return `${Math.round(seconds)} s`;
  const [large, small, units] = seconds < HOUR ? [MINUTE, 1, ["min", "s"]] : seconds < DAY ? [HOUR, MINUTE, ["h", "min"]] : [DAY, HOUR, ["d", "h"]];
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)} ${units[0]}${rest ? ` ${rest} ${units[1]}` : ""}`;
}

export function number(value, isMore = false) {
  return value.toLocaleString() + (isMore ? "+" : "");
}

/** So many jobs, in words. */
export function jobsIn(count, isMore) {
  return `${number(count, isMore)} ${count === 1 ? "job" : "jobs"}`;
}

/** A rate a minute, with a decimal where it is a small one. */
export function rate(value) {
  return value > 0 && value < 10 ? value.toFixed(1).replace(".0", "") : number(Math.round(value));
}
