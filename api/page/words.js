import { contract, LIVE } from "./contract.js";

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
  const reasons = (report?.reasons ?? []).map((reason) => contract.reasons[reason] ?? reason);
  return reasons.length ? `Look at it: ${reasons.join("; ")}.` : "";
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
