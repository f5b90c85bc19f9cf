import { LIVE } from "./contract.js";

/** Why somebody should look at a picture, in the words of its report. */
const REASONS = {
  empty: "none of what was asked for was found",
  cut_by_photo: "the photo ends before the clothing does",
  small: "the clothing is a small part of the photo",
  enlarged: "the photo has too few pixels for this size",
  unsure: "much of it is half transparent",
};

const STATES = {
  waiting: () => "Waiting to be sent",
  uploading: ({ progress }) => `Uploading, ${Math.round(progress * 100)} %`,
  queued: ({ queue }) => (queue ? `Queued, ${place(queue.position)}, ready in about ${duration(queue.estimated_seconds)}` : "Queued"),
  processing: () => "Being cut out",
  succeeded: () => "Done",
};

/** The state of a job, in a few words. */
export function stateOf(job) {
  return job.note ?? STATES[job.state]?.(job) ?? job.failure?.reason ?? "This did not work.";
}

/** Why somebody should look at a picture; empty if nobody needs to. */
export function doubtsOf(report) {
  const known = (report?.reasons ?? []).map((reason) => REASONS[reason]).filter(Boolean);
  return known.length ? `Look at it: ${known.join("; ")}.` : "";
}

export function isOver(job) {
  return !LIVE.has(job.state) && !["waiting", "uploading"].includes(job.state);
}

export function megabytes(bytes) {
  if (bytes < 1024 * 1024) return `${Math.max(1, Math.round(bytes / 1024))} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1).replace(".0", "")} MB`;
}

export function percent(share) {
  const per = share * 100;
  return per > 0 && per < 1 ? "under 1 %" : `${Math.round(per)} %`;
}

export function duration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest ? ` ${rest} min` : ""}`;
}

export function plural(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

function place(position) {
  return position === 1 ? "next in line" : `place ${position}`;
}
