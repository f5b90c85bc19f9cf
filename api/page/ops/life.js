import { element } from "../elements.js";
import { STATES } from "./jobs.js";
import { helpLink, moment, secondsFrom, took } from "./pieces.js";

const WORDS = {
  stored: () => "Stored, and began to wait",
  claimed: ({ attempt, words }) => `Attempt ${attempt} began${words ? ` on ${words}` : ""}`,
  retried: ({ words }) => `The attempt failed with ${words || "an error"}; another one may help`,
  released: () => "Handed back, uncounted: something was in the way, or the worker had to end",
  cut_off: () => "The worker was not heard of any more; the job was taken from it",
  succeeded: () => "Done",
  failed: ({ words }) => `Failed with ${words || "an error"}`,
  cancelled: () => "Withdrawn",
  refused: ({ attempt }) => `Attempt ${attempt} came too late with its result, which was thrown away`,
  expired: () => "Its results expired",
};
const BAD = new Set(["retried", "cut_off", "failed", "refused"]);
const PARTS = { get: "fetch", decode: "decode", cutout: "cut out", put: "store" };

/** A job, and all that happened to it, with how long it took. */
export function lifeOf({ job, events }, address) {
  return element("div", { className: "life" }, facts(job, address), element("ol", {}, ...events.map(eventOf), ...present(job, events)));
}

function facts(job, address) {
  const rows = [
    ["State", STATES[job.status]],
    ["Tenant", element("a", { href: address.href({ tenant: job.tenant, job: "", q: "" }), text: job.tenant })],
    ["Key", job.key_id],
    ["Called", job.reference],
    ["log_id", job.log_id],
    ["request_id", job.request_id],
    ["Error", job.code && helpLink(job.code, job.help)],
    ["", job.message],
  ];
  const shown = rows.filter(([, value]) => value);
  return element("dl", {}, ...shown.flatMap(([name, value]) => [element("dt", { text: name }), element("dd", {}, value)]));
}

function eventOf(event, at) {
  const gap = at ? [element("span", { className: "gap", text: `+ ${took(event.seconds)}` })] : [];
  const parts = Object.entries(event.parts).map(([name, ms]) => `${PARTS[name] ?? name} ${took(ms / 1000)}`);
  const detail = parts.length ? [element("span", { className: "quiet small", text: parts.join(" · ") })] : [];
  return element("li", { className: BAD.has(event.event) ? "bad" : "" }, ...gap, element("b", { text: WORDS[event.event](event) }), " ", moment(event.at), ...detail);
}

/** What goes on at this moment: how long it has waited, or been worked on. */
function present(job, events) {
  const what = { queued: "Waits", processing: `Worked on by ${job.worker}` }[job.status];
  if (!what) return [];
  const seconds = secondsFrom(events.at(-1).at);
  return [element("li", { className: "present" }, element("span", { className: "gap", text: `+ ${took(seconds)}` }), element("b", { text: `${what} now` }))];
}
