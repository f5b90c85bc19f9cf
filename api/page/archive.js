import { contract } from "./contract.js";
import { save } from "./delivery.js";
import { flash } from "./elements.js";
import { plural } from "./words.js";

/** All results as zip files, which the service writes while they are sent. */
export class Archive {
  #api;
  #jobs;
  #button;
  #announcer;

  constructor(api, jobs, button, announcer) {
    this.#api = api;
    this.#jobs = jobs;
    this.#button = button;
    this.#announcer = announcer;
    button.addEventListener("click", () => this.#download());
    for (const type of ["added", "changed", "removed"]) jobs.addEventListener(type, () => this.#update());
  }

  get #done() {
    return this.#jobs.all.filter((job) => job.state === "succeeded");
  }

  #update() {
    this.#button.hidden = this.#done.length < 2;
  }

  async #download() {
    const done = this.#done;
    this.#announcer.say(`${plural(done.length, "result")} are being put together.`);
    this.#button.disabled = true;
    try {
      for (let at = 0; at < done.length; at += contract.maxIds) {
        const ids = done.slice(at, at + contract.maxIds).map((job) => job.taskId);
        const part = done.length > contract.maxIds ? `-${at / contract.maxIds + 1}` : "";
        const { blob } = await this.#api.fetchFile(`v1/results.zip?ids=${ids.join(",")}`);
        save(blob, `cutwork${part}.zip`);
      }
    } catch (error) {
      flash(this.#button, error.message);
    } finally {
      this.#button.disabled = false;
    }
  }
}
