import { element } from "./elements.js";
import { isOver, plural } from "./words.js";

/** Milliseconds between two looks at the deadlines. */
const TICK = 20_000;

/** The cards, a job each, and the line that sums them up. */
export class List {
  #api;
  #jobs;
  #keys;
  #announcer;
  #desk;
  #cards = new Map();
  #list = document.getElementById("cards");

  constructor(api, jobs, keys, announcer, desk) {
    this.#api = api;
    this.#jobs = jobs;
    this.#keys = keys;
    this.#announcer = announcer;
    this.#desk = desk;
    jobs.addEventListener("added", ({ job }) => this.#add(job));
    jobs.addEventListener("changed", ({ job, before }) => this.#change(job, before));
    jobs.addEventListener("removed", ({ job }) => this.#remove(job));
    this.#list.addEventListener("retry", ({ detail }) => (detail.needsKey ? this.#askFor(detail) : desk.retry(detail)));
    this.#list.addEventListener("remove", ({ detail }) => this.#giveUp(detail));
    setInterval(() => this.#cards.forEach((card) => card.tick()), TICK);
  }

  #add(job) {
    const card = document.createElement("cutwork-card");
    card.api = this.#api;
    card.key = this.#keys.current;
    this.#cards.set(job.id, card);
    const item = element("li", { addedAt: job.addedAt }, card);
    this.#list.insertBefore(item, this.#firstOlderThan(job));
    card.show(job);
    this.#sum();
    if (job.isNew && item === this.#list.firstElementChild) item.scrollIntoView({ block: "nearest" });
    if (job.failure) this.#announcer.tellEnd(job);
  }

  /** The newest come first, since somebody waits for them; what came together keeps its order. */
  #firstOlderThan({ addedAt }) {
    return [...this.#list.children].find((item) => item.addedAt < addedAt) ?? null;
  }

  #change(job, before) {
    const card = this.#cards.get(job.id);
    card.key = this.#keys.current;
    card.show(job);
    if (job.state === before) return;
    this.#sum();
    if (isOver(job)) this.#announcer.tellEnd(job);
  }

  #remove(job) {
    const item = this.#cards.get(job.id).parentElement;
    const hadFocus = item.contains(document.activeElement);
    const next = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    this.#cards.delete(job.id);
    this.#sum();
    if (!hadFocus) return;
    if (next) next.firstElementChild.focus();
    else document.getElementById("choose-photos").focus();
  }

  /** Ask for the key that a job waits for; with one, all that wait for it go on. */
  async #askFor(job) {
    if (await this.#keys.ask(job.failure?.cure ?? job.note)) this.#cards.get(job.id)?.focus();
  }

  #giveUp(job) {
    this.#announcer.say(`${job.name} is deleted.`);
    this.#desk.remove(job);
  }

  #sum() {
    const jobs = this.#jobs.all;
    document.body.classList.toggle("busy", jobs.length > 0);
    document.getElementById("photos").hidden = !jobs.length;
    const done = jobs.filter((job) => job.state === "succeeded").length;
    const failed = jobs.filter((job) => job.failure).length;
    const parts = [plural(jobs.length, "photo"), done && `${done} done`, failed && `${failed} failed`];
    const going = jobs.length - done - failed;
    if (going) parts.push(`${going} to go`);
    document.getElementById("tally").textContent = parts.filter(Boolean).join(" · ");
    document.title = going ? `${done + failed}/${jobs.length} · Cutwork` : "Cutwork";
  }
}
