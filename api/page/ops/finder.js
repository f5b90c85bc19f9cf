import { element } from "../elements.js";
import { lifeOf } from "./life.js";
import { number } from "./pieces.js";
import { STATES } from "./jobs.js";

/** One box: whatever somebody was told of a job leads to it, and to its life. */
export class Finder {
  #api;
  #address;
  #announcer;
  #form = document.getElementById("finder");
  #found = document.getElementById("found");
  #title = document.getElementById("found-title");
  #body = document.getElementById("found-body");
  #shown = "";

  constructor(api, address, announcer) {
    this.#api = api;
    this.#address = address;
    this.#announcer = announcer;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      address.go({ q: this.#form.elements.q.value.trim(), job: "" });
    });
    document.getElementById("found-close").addEventListener("click", () => {
      address.go({ q: "", job: "" });
      this.#form.elements.q.focus();
    });
    address.addEventListener("change", () => this.#change());
    this.#change();
  }

  #change() {
    const [job, text] = [this.#address.get("job"), this.#address.get("q")];
    this.#form.elements.q.value = text;
    if (this.#shown === `${job} ${text}`) return;
    this.#shown = `${job} ${text}`;
    if (job) this.#try(() => this.#showLife(job));
    else if (text) this.#try(() => this.#look(text));
    else this.#found.hidden = true;
  }

  async #try(show) {
    try {
      await show();
    } catch (error) {
      this.#show("Not found", element("p", { className: "bad", text: error.message }));
    }
  }

  async #look(text) {
    const { jobs, batches } = await this.#api.read(`v1/ops/find?${new URLSearchParams({ q: text })}`);
    if (jobs.length === 1 && !batches.length) {
      await this.#showLife(jobs[0].task_id);
    } else if (jobs.length || batches.length) {
      this.#show(`Found ${number(jobs.length + batches.length)}`, this.#list(jobs, batches));
    } else {
      const why = "Nothing goes by that. Jobs are forgotten a week after their results have expired; a batch’s request has no job of its own.";
      this.#show("Nothing found", element("p", { className: "quiet", text: why }));
    }
  }

  #list(jobs, batches) {
    const links = jobs.map((job) =>
      element("li", {}, element("a", { className: "name", href: this.#address.href({ job: job.task_id }), text: job.task_id }), ` ${STATES[job.status]}, of ${job.tenant}`),
    );
    const others = batches.map((batch) => {
      const { succeeded, failed, cancelled } = batch.counts;
      const ended = number(succeeded + failed + cancelled);
      return element("li", {}, element("span", { className: "name", text: `Batch ${batch.batch_id}` }), ` of ${batch.tenant}: ${batch.status}, ${ended} of ${number(batch.total)} ended, ${number(failed)} failed`);
    });
    return element("ul", { className: "links" }, ...links, ...others);
  }

  async #showLife(id) {
    const life = await this.#api.read(`v1/ops/jobs/${encodeURIComponent(id)}`);
    this.#show(`Job ${life.job.task_id}`, lifeOf(life, this.#address));
  }

  #show(title, body) {
    this.#title.textContent = title;
    this.#body.replaceChildren(body);
    this.#found.hidden = false;
    this.#found.focus();
    this.#announcer.say(title);
  }
}
