import { element } from "../elements.js";
import { FILTERS } from "./address.js";
import { helpLink, jobsIn, moment, secondsFrom, table, took } from "./pieces.js";
import { contract } from "../contract.js";

export const STATES = {
  queued: "Waiting",
  processing: "Being worked on",
  succeeded: "Done",
  failed: "Failed",
  cancelled: "Withdrawn",
  expired: "Expired",
};
const MOST = 50;

/** The jobs that the address chooses. */
export class Jobs {
  #api;
  #address;
  #announcer;
  #form = document.getElementById("filter");
  #list = document.getElementById("list");
  #tally = document.getElementById("tally");
  #older = document.getElementById("older");
  #withdraw = document.getElementById("withdraw");
  #rows = [];
  #cursor = "";
  #shown = null;

  constructor(api, address, announcer) {
    this.#api = api;
    this.#address = address;
    this.#announcer = announcer;
    const { status, code } = this.#form.elements;
    status.append(option("", "Any"), ...Object.entries(STATES).map(([value, text]) => option(value, text)));
    code.append(option("", "Any"), ...contract.codes.map((value) => option(value, value)));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const before = JSON.stringify(this.#address.filter);
      this.#address.go(this.#chosen());
      // The same choice again: how it is now.
      if (JSON.stringify(this.#address.filter) === before) this.refresh();
    });
    this.#form.addEventListener("change", ({ target }) => target.matches("select") && this.#address.go(this.#chosen()));
    document.getElementById("filter-clear").addEventListener("click", () => address.go(Object.fromEntries(FILTERS.map((name) => [name, ""]))));
    this.#older.addEventListener("click", () => this.#more());
    document.addEventListener("click", (event) => this.#follow(event));
    address.addEventListener("change", () => this.#change());
    this.#change();
  }

  /** The choice, and how many it holds: what would be withdrawn. */
  get chosen() {
    return this.#shown;
  }

  /** Look again, and say on the page what is wrong if that fails. */
  refresh() {
    this.look().catch((error) => this.#lament(error));
  }

  /** Look again. */
  async look() {
    this.#rows = [];
    this.#cursor = "";
    await this.#more();
  }

  #change() {
    const filter = JSON.stringify(this.#address.filter);
    this.#fillIn();
    if (this.#shown?.key === filter) return;
    this.refresh();
  }

  #fillIn() {
    for (const name of FILTERS) {
      const value = this.#address.get(name);
      this.#form.elements[name].value = value && ["since", "until"].includes(name) ? local(value) : value;
    }
  }

  #chosen() {
    const values = Object.fromEntries(FILTERS.map((name) => [name, this.#form.elements[name].value.trim()]));
    for (const name of ["since", "until"]) if (values[name]) values[name] = new Date(values[name]).toISOString();
    return values;
  }

  async #more() {
    const filter = this.#address.filter;
    const query = new URLSearchParams({ ...filter, limit: String(MOST), ...(this.#cursor ? { cursor: this.#cursor } : {}) });
    const page = await this.#api.read(`v1/ops/jobs?${query}`);
    this.#rows.push(...page.jobs);
    this.#cursor = page.next_cursor;
    this.#shown = { key: JSON.stringify(filter), filter: { until: page.counted_at, ...filter }, count: page.matching, isMore: page.is_more };
    this.#draw(page);
  }

  #draw(page) {
    const count = jobsIn(page.matching, page.is_more);
    this.#tally.textContent = count;
    this.#announcer.say(`${count} match.`);
    this.#older.hidden = !this.#cursor;
    this.#withdraw.hidden = !(page.matching && contract.erasable.includes(this.#shown.filter.status));
    if (!this.#rows.length) {
      this.#list.replaceChildren(element("p", { className: "quiet", text: "None match." }));
      return;
    }
    this.#list.replaceChildren(table("Jobs", ["Since", "State", "Job", "Tenant", "Took", "Tries", "Error"], this.#rows.map((job) => this.#row(job))));
  }

  #row(job) {
    return [
      moment(job.at),
      element("span", { className: `state-word ${job.status}`, text: STATES[job.status] }),
      element("a", { className: "name", href: this.#address.href({ job: job.task_id }), text: job.reference || job.task_id.slice(0, 8), title: job.task_id }),
      element("a", { href: this.#address.href({ tenant: job.tenant }), text: job.tenant }),
      ages(job),
      job.attempts > 1 ? String(job.attempts) : "",
      job.code ? helpLink(job.code, job.help) : "",
    ];
  }

  /** Links within the page change its address, and nothing is loaded. */
  #follow(event) {
    const href = event.target.closest("a")?.getAttribute("href");
    if (!href?.startsWith("?") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.#address.go(Object.fromEntries(new URLSearchParams(href)));
  }

  #lament(error) {
    this.#list.replaceChildren(element("p", { className: "bad", text: error.message }));
  }
}

function ages(job) {
  const spent = took(secondsFrom(job.created_at, job.finished_at));
  return job.status === "queued" ? `waits for ${spent}` : spent;
}

function option(value, text) {
  return element("option", { value, text });
}

/** A moment as an input of the browser wants it: by the clock on the wall. */
function local(text) {
  const at = new Date(text);
  return new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
