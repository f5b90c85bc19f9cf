import { plural } from "./words.js";

/** Milliseconds between two sentences: a screen reader has to come to their ends. */
const APART = 2000;
/** Milliseconds in which several endings are one. */
const TOGETHER = 200;

/** Tells a screen reader what happened, politely: what ends together is told together. */
export class Announcer {
  #region;
  #ended = [];
  #timer = 0;
  #next = "";

  constructor(region) {
    this.#region = region;
  }

  /** Say a sentence, soon. */
  say(sentence) {
    this.#next = sentence;
    this.#timer ||= setTimeout(() => this.#speak(), TOGETHER);
  }

  /** Say that a job has ended, and how. */
  tellEnd(job) {
    this.#ended.push(job);
    this.say(this.#sum());
  }

  #sum() {
    if (this.#ended.length === 1) {
      const [job] = this.#ended;
      return job.failure ? `${job.name}: ${job.failure.reason} ${job.failure.cure}` : `${job.name} is done.`;
    }
    const failed = this.#ended.filter((job) => job.failure).length;
    const done = this.#ended.length - failed;
    return [done && `${plural(done, "photo")} done`, failed && `${failed} failed`].filter(Boolean).join(", ") + ".";
  }

  #speak() {
    const said = (this.#region.textContent = this.#next);
    this.#ended = [];
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      if (this.#next !== said) this.say(this.#next);
    }, APART);
  }
}
