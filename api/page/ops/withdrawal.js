import { jobsIn, number } from "./pieces.js";
import { STATES } from "./jobs.js";

const TOO_MANY = 429;
/** Seconds to wait when the service does not say. */
const PAUSE = 5;

/** Withdraws all that match, as they were counted when one was asked; in portions, so that it can be stopped. */
export class Withdrawal {
  #api;
  #jobs;
  #announcer;
  #isStopped = false;
  #dialog = document.getElementById("withdrawal");
  #title = document.getElementById("withdrawal-title");
  #text = document.getElementById("withdrawal-text");
  #progress = document.getElementById("withdrawal-progress");
  #go = document.getElementById("withdrawal-go");
  #cancel = document.getElementById("withdrawal-cancel");
  #chosen = null;

  constructor(api, jobs, announcer) {
    this.#api = api;
    this.#jobs = jobs;
    this.#announcer = announcer;
    document.getElementById("withdraw").addEventListener("click", () => this.#ask());
    this.#cancel.addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => {
      this.#isStopped = true;
    });
    this.#dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#run();
    });
  }

  #ask() {
    this.#chosen = this.#jobs.chosen;
    const { count, isMore, filter } = this.#chosen;
    const of = [filter.tenant && `of ${filter.tenant}`, filter.code && `with ${filter.code}`].filter(Boolean).join(", ");
    this.#title.textContent = `Withdraw ${jobsIn(count, isMore)}?`;
    this.#text.textContent = `${STATES[filter.status]}${of ? `, ${of}` : ""}. Their photos and results are deleted for good, and their senders are told that they were withdrawn.`;
    this.#progress.hidden = true;
    this.#go.hidden = false;
    this.#go.textContent = `Withdraw ${number(count, isMore)}`;
    this.#cancel.textContent = "Leave them";
    this.#dialog.showModal();
    this.#cancel.focus();
  }

  async #run() {
    const { filter, count } = this.#chosen;
    this.#isStopped = false;
    this.#go.hidden = true;
    this.#cancel.textContent = "Stop";
    this.#progress.hidden = false;
    let done = 0;
    try {
      for (let isMore = true; isMore && !this.#isStopped; ) {
        const some = await this.#portion(filter);
        done += some.erased;
        isMore = some.is_more;
        this.#progress.value = Math.min(1, done / count);
        this.#text.textContent = `${number(done)} withdrawn.`;
      }
      this.#announcer.say(`${number(done)} withdrawn.`);
    } catch (error) {
      this.#text.textContent = `${number(done)} withdrawn, then: ${error.message}`;
    }
    this.#cancel.textContent = "Close";
    await this.#jobs.look();
  }

  async #portion(filter) {
    for (;;) {
      try {
        return await this.#api.send("v1/ops/erase", filter);
      } catch (error) {
        if (error.status !== TOO_MANY) throw error;
        await new Promise((resolve) => setTimeout(resolve, (error.retryAfter || PAUSE) * 1000));
      }
    }
  }
}
