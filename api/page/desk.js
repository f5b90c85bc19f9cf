import { check } from "./check.js";
import { Jobs } from "./jobs.js";

/** Where photos are taken in, sent, looked up again, and given up. */
export class Desk {
  #api;
  #jobs;
  #options;
  #photos;
  #uploads;
  #poll;

  constructor({ api, jobs, keys, options, photos, uploads, poll }) {
    this.#api = api;
    this.#jobs = jobs;
    this.#options = options;
    this.#photos = photos;
    this.#uploads = uploads;
    this.#poll = poll;
    keys.whenGiven(() => this.#sendRefused());
  }

  /** Take files in: those that can be sent are, the others say why not. What comes together stands together. */
  async take(files) {
    const addedAt = this.#jobs.now;
    for (const file of files) await this.#takeOne(file, addedAt);
  }

  /** Take a picture of the page itself. */
  async takeSample(url) {
    const blob = await (await fetch(url)).blob();
    await this.take([new File([blob], "t-shirt.jpg", { type: blob.type })]);
  }

  /** Send a photo again, as a new job among those that it came with. */
  async retry(job) {
    this.#jobs.remove(job);
    await this.#takeOne(new File([job.photo], job.name, { type: job.photo.type }), job.addedAt);
  }

  /** Give a job up: the service deletes its photo and its results. */
  async remove(job) {
    this.#jobs.remove(job);
    await this.#photos.forget(job.id);
    if (job.taskId && job.state !== "unknown") await this.#api.eraseJob(job.taskId);
  }

  /** Forget those that are over; what the service has of them it deletes in its time. */
  clear() {
    for (const job of this.#jobs.all) this.#jobs.remove(job);
    this.#photos.keepOnly([]);
  }

  /** Find what an earlier visit has left. */
  async recall() {
    const remembered = Jobs.remembered();
    for (const kept of remembered) {
      this.#jobs.add({ ...kept, state: kept.taskId ? "queued" : kept.failure ? "refused" : "waiting", note: kept.taskId ? "Looking it up" : null });
    }
    this.#poll.wake();
    await this.#photos.keepOnly(remembered.map((job) => job.id));
    for (const job of this.#jobs.all) await this.#findPhoto(job);
  }

  async #takeOne(file, addedAt) {
    const { size, failure } = await check(file);
    const [width, height] = size ?? [];
    const job = {
      id: crypto.randomUUID?.() ?? randomId(),
      taskId: null,
      name: file.name || "pasted.png",
      size: file.size,
      width,
      height,
      fields: this.#options.fieldsFor(file.name),
      state: failure ? "refused" : "waiting",
      failure,
      addedAt,
      isNew: true,
    };
    this.#jobs.add(job);
    if (failure) return;
    this.#uploads.send(job, file);
    await this.#photos.keep(job.id, file);
  }

  /** Send what was not taken for want of a key. */
  #sendRefused() {
    const refused = this.#jobs.all.filter((job) => job.needsKey && job.photo && !job.taskId);
    for (const job of refused) this.#uploads.send(job, job.photo);
  }

  async #findPhoto(job) {
    const photo = await this.#photos.find(job.id);
    if (photo) this.#jobs.change(job, { photo });
    if (job.state !== "waiting" || job.taskId) return;
    // It was not told whether it had arrived: under the same Idempotency-Key it is one job all the same.
    if (photo) this.#uploads.send(job, photo);
    else this.#jobs.remove(job);
  }
}

/** Where the page came by plain HTTP from another machine, `crypto.randomUUID` is not there. */
function randomId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
