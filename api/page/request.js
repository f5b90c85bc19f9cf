import { NO_KEY } from "./contract.js";
import { chip, copyOf, flash } from "./elements.js";
import { snippetsOf } from "./snippets.js";

const NAME = "cutwork.language";
let requests = 0;

/** The request that was just sent, as code to copy. */
class RequestCode extends HTMLElement {
  #snippets = [];

  /** Show a job's request; `key` only tells whether there is one. */
  show(job, key) {
    if (this.firstElementChild) return;
    this.hidden = false;
    this.append(copyOf("request"));
    const url = new URL(".", document.baseURI).href.replace(/\/$/, "");
    const usualKey = key === NO_KEY ? NO_KEY : "";
    this.#snippets = snippetsOf({ url, file: job.name, fields: job.fields, usualKey });
    this.querySelector(".hint").textContent = usualKey
      ? "Set CUTWORK_KEY to a key of yours once this service has any; until then each will do."
      : "Set CUTWORK_KEY to your key.";
    this.#addTabs();
    this.querySelector("[data-do=copy-code]").addEventListener("click", (event) => this.#copy(event.target));
  }

  #addTabs() {
    requests += 1;
    const tabs = this.querySelector(".tabs");
    tabs.append(...this.#snippets.map(({ language }) => chip("radio", `language-${requests}`, language, language)));
    tabs.addEventListener("change", ({ target }) => this.#choose(target.value));
    this.querySelector("details").addEventListener("toggle", () => this.#choose(localStorage.getItem(NAME)));
    this.#choose(localStorage.getItem(NAME));
  }

  #choose(language) {
    const chosen = this.#snippets.find((snippet) => snippet.language === language) ?? this.#snippets[0];
    localStorage.setItem(NAME, chosen.language);
    for (const radio of this.querySelectorAll(".tabs input")) radio.checked = radio.value === chosen.language;
    this.querySelector("code").textContent = chosen.text;
  }

  async #copy(button) {
    const code = this.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      flash(button, "Copied");
    } catch {
      // Not allowed here: then it is one keystroke away.
      getSelection().selectAllChildren(code);
      flash(button, "Press Ctrl+C");
    }
  }
}

customElements.define("cutwork-request", RequestCode);
