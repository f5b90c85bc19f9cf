import { LIVE } from "./contract.js";

const NAME = "cutwork.jobs";
/** What a reload needs; all else the API tells again. */
const KEPT = ["id", "taskId", "name", "size", "width", "height", "fields", "failure", "needsKey", "addedAt"];

/**
 * The photos of this page, in the order in which they came: those that came together have one `addedAt`.
 *
 * A job is an object: `id` (ours, and its Idempotency-Key), `taskId` once the API has given one, `state`: the API's own, and
 * before that `waiting` or `uploading`; or `refused`: it was not sent, or not taken.
 * Events: `added`, `changed` and `removed`, with the job as `detail`.
 */
export class Jobs extends EventTarget {
  #jobs = new Map();
  #saving = 0;

  constructor() {
    super();
    // What was removed a moment ago is not there again after a reload.
    addEventListener("pagehide", () => this.#saving && this.#save());
  }

  get all() {
    return [...this.#jobs.values()];
  }

  /** The time, but later than that of all who are here, whatever the clock says. */
  get now() {
    return this.all.reduce((latest, { addedAt }) => Math.max(latest, addedAt + 1), Date.now());
  }

  /** Those that the API still works on. */
  get live() {
    return this.all.filter((job) => job.taskId && LIVE.has(job.state));
  }

  byTask(taskId) {
    return this.all.find((job) => job.taskId === taskId);
  }

  add(job) {
    this.#jobs.set(job.id, job);
    this.#tell("added", job);
  }

  change(job, changes) {
    // It may have been removed while something was on its way.
    if (!this.#jobs.has(job.id)) return;
    const before = job.state;
    Object.assign(job, changes);
    this.#tell("changed", job, before);
  }

  remove(job) {
    if (this.#jobs.delete(job.id)) this.#tell("removed", job);
  }

  /** What an earlier visit of this page has left. */
  static remembered() {
    try {
      return JSON.parse(localStorage.getItem(NAME)) ?? [];
    } catch {
      return [];
    }
  }

  #tell(type, job, before = null) {
    const event = new Event(type);
    this.dispatchEvent(Object.assign(event, { job, before }));
    // Progress comes many times a second, and is not kept.
    this.#saving ||= setTimeout(() => this.#save(), 200);
  }

  #save() {
    this.#saving = 0;
    const kept = this.all.map((job) => Object.fromEntries(KEPT.map((name) => [name, job[name]])));
    localStorage.setItem(NAME, JSON.stringify(kept));
  }
}
