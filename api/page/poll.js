import { contract } from "./contract.js";
import { KeyWanted, Refused, Unreachable } from "./errors.js";

/** Seconds that one question waits for an ending: short, so that places in the queue stay true; long when nobody looks. */
const LEAST_WAIT = 2;
const MOST_WAIT = 5;
const HIDDEN_WAIT = 30;
/** Seconds after which a service that did not answer is asked again. */
const PAUSE = 3;

/** One poll for all jobs that go on. */
export class Poll {
  #api;
  #jobs;
  #keys;
  #wait = LEAST_WAIT;
  #asking = false;
  #stop = new AbortController();
  #turn = 0;

  constructor(api, jobs, keys) {
    this.#api = api;
    this.#jobs = jobs;
    this.#keys = keys;
    jobs.addEventListener("changed", ({ job, before }) => {
      if (job.taskId && before === "uploading") this.wake();
    });
  }

  /** Ask at once, and about all that go on by now. */
  wake() {
    this.#stop.abort();
    if (!this.#asking) this.#run();
  }

  async #run() {
    this.#asking = true;
    try {
      while (this.#jobs.live.length) {
        this.#stop = new AbortController();
        await this.#askOnce(this.#some());
      }
    } finally {
      this.#asking = false;
    }
  }

  /** As many as one question may name; the others have their turn in the next one. */
  #some() {
    const live = this.#jobs.live;
    if (live.length <= contract.maxIds) return live;
    this.#turn = (this.#turn + contract.maxIds) % live.length;
    return [...live.slice(this.#turn), ...live.slice(0, this.#turn)].slice(0, contract.maxIds);
  }

  async #askOnce(jobs) {
    const began = performance.now();
    const wait = document.hidden ? HIDDEN_WAIT : jobs.length < this.#jobs.live.length ? 0 : this.#wait;
    try {
      const { jobs: items, retryAfter } = await this.#api.showJobs(jobs.map((job) => job.taskId), wait, this.#stop.signal);
      const ended = this.#tell(items);
      this.#wait = Math.min(Math.max(retryAfter || 0, LEAST_WAIT), MOST_WAIT);
      // Answered early although nothing ended: no waiting slot was free.
      const left = LEAST_WAIT - (performance.now() - began) / 1000;
      if (!ended && left > 0) await pause(left, this.#stop.signal);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!(error instanceof Unreachable || error instanceof Refused)) throw error;
      const needsKey = error instanceof KeyWanted;
      for (const job of jobs) this.#jobs.change(job, { note: error.message, needsKey });
      if (needsKey) await this.#keys.given();
      else await pause(error.retryAfter || PAUSE, this.#stop.signal);
    }
  }

  #tell(items) {
    let ended = false;
    for (const item of items) {
      const job = this.#jobs.byTask(item.task_id);
      if (!job) continue;
      ended ||= item.task_status > 1;
      this.#jobs.change(job, changesOf(item));
    }
    return ended;
  }
}

/** What an item of the API's list changes about a job. */
export function changesOf(item) {
  const { code, code_message: reason, message: cure } = item.error_detail;
  return {
    state: item.status,
    queue: item.queue ?? null,
    data: item.data ?? null,
    expiresAt: item.expires_at,
    failure: code ? { reason, cure, code } : null,
    note: null,
    needsKey: false,
  };
}

function pause(seconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
