import { KeyWanted, Refused, Unreachable } from "./errors.js";
import { duration } from "./words.js";

const AT_ONCE = 4;
const TOO_MANY = 429;
const UNAVAILABLE = 503;
/** Seconds between two tries when the service does not say: doubled each time. */
const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 30;

/** Sends photos, a few at once. When the service asks for a pause, all wait. */
export class Uploads {
  #api;
  #jobs;
  #waiting = [];
  #stops = new Map();
  #pausedUntil = 0;
  #pause = FIRST_PAUSE;

  constructor(api, jobs) {
    this.#api = api;
    this.#jobs = jobs;
    jobs.addEventListener("removed", ({ job }) => this.#stop(job));
  }

  /** Send a photo when its turn comes. */
  send(job, photo) {
    this.#jobs.change(job, { state: "waiting", note: null, failure: null, needsKey: false, photo });
    this.#waiting.push(job);
    this.#next();
  }

  #stop(job) {
    this.#waiting = this.#waiting.filter((other) => other !== job);
    this.#stops.get(job)?.abort();
  }

  #next() {
    const pause = this.#pausedUntil - Date.now();
    if (pause > 0) {
      setTimeout(() => this.#next(), pause + 1);
      return;
    }
    while (this.#waiting.length && this.#stops.size < AT_ONCE) this.#begin(this.#waiting.shift());
  }

  async #begin(job) {
    const stop = new AbortController();
    this.#stops.set(job, stop);
    this.#jobs.change(job, { state: "uploading", progress: 0, note: null });
    try {
      const envelope = await this.#api.createJob(formOf(job), {
        idempotencyKey: job.id,
        onProgress: (progress) => this.#jobs.change(job, { progress }),
        signal: stop.signal,
      });
      this.#pause = FIRST_PAUSE;
      this.#jobs.change(job, {
        taskId: envelope.task_id,
        state: envelope.task_status === 1 ? "processing" : "queued",
        queue: envelope.queue,
      });
    } catch (error) {
      this.#failed(job, error);
    } finally {
      this.#stops.delete(job);
      this.#next();
    }
  }

  #failed(job, error) {
    if (error.name === "AbortError") return;
    if (error instanceof Unreachable || [TOO_MANY, UNAVAILABLE].includes(error.status)) {
      this.#again(job, error);
    } else if (error instanceof Refused) {
      const failure = { reason: error.reason, cure: error.message, code: error.code };
      this.#jobs.change(job, { state: "refused", failure, needsKey: error instanceof KeyWanted });
    } else {
      throw error;
    }
  }

  #again(job, error) {
    const seconds = error.retryAfter || this.#pause;
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
    this.#pausedUntil = Math.max(this.#pausedUntil, Date.now() + seconds * 1000);
    this.#jobs.change(job, { state: "waiting", note: `${error.message} Going on in ${duration(seconds)}.` });
    this.#waiting.unshift(job);
  }
}

/** The form of a job: its fields, and the photo behind them. */
function formOf(job) {
  const form = new FormData();
  for (const [name, value] of job.fields) form.append(name, value);
  form.append("image", job.photo, job.name);
  return form;
}
