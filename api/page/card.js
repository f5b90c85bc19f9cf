import { copyPicture, save } from "./delivery.js";
import { copyOf, element, flash } from "./elements.js";
import { piecesOf } from "./pieces.js";
import "./request.js";
import "./viewer.js";
import { doubtsOf, duration, isOver, megabytes, stateOf } from "./words.js";

/** Errors that the same photo would have again. */
const OF_THE_PHOTO = /^(FILE|UNSUPPORTED|ERROR_LOW|ERROR_NO_RECOGNITION)_/;
const SURE = "Delete for good?";
/** What the keys 1, 2 and 3 show: the cut-out, both halves, the photo. */
const SPLITS = { 1: 0, 2: 50, 3: 100 };

/** One photo, from the moment it came in to what became of it. Its state is the API's own. */
export class Card extends HTMLElement {
  #job;
  #parts;
  #photoUrl = "";
  /** The URL of the picture that is looked at. */
  #shown = null;

  connectedCallback() {
    if (this.#parts) return;
    this.append(copyOf("card"));
    const find = (selector) => this.querySelector(selector);
    this.#parts = {
      article: find("article"),
      viewer: find("cutwork-viewer"),
      name: find(".name"),
      facts: find(".facts"),
      state: find(".state"),
      word: find(".word"),
      progress: find("progress"),
      cure: find(".cure"),
      found: find(".found"),
      deadline: find(".deadline"),
      request: find("cutwork-request"),
      download: find("[data-do=download]"),
      copy: find("[data-do=copy]"),
      retry: find("[data-do=retry]"),
      remove: find("[data-do=remove]"),
    };
    this.addEventListener("click", (event) => this.#act(event.target.closest("button")));
    this.addEventListener("keydown", (event) => this.#key(event));
    this.#parts.viewer.addEventListener("unloadable", () => this.#lament());
  }

  disconnectedCallback() {
    URL.revokeObjectURL(this.#photoUrl);
  }

  /** Show what has become of the job. */
  show(job) {
    this.#job = job;
    const { article, name, state, word, progress, retry, remove } = this.#parts;
    article.dataset.state = job.state;
    article.setAttribute("aria-label", job.name);
    name.textContent = job.name;
    word.textContent = stateOf(job);
    state.classList.toggle("failed", Boolean(job.failure));
    progress.hidden = isOver(job);
    if (job.state === "uploading") progress.value = job.progress * 100;
    else progress.removeAttribute("value");
    retry.hidden = !(job.needsKey || (job.photo && job.failure && !OF_THE_PHOTO.test(job.failure.code)));
    retry.textContent = job.needsKey ? "Enter a key and try again" : "Try again";
    remove.dataset.usual = remove.textContent = isOver(job) ? "Delete" : "Cancel";
    this.#showPhoto();
    this.#showFacts();
    this.#showCure(job.failure?.cure ?? doubtsOf(job.data?.report), job.failure?.code);
    if (job.data) this.#showResult();
    this.tick();
  }

  /** Say how long the links still work. */
  tick() {
    const { deadline } = this.#parts;
    const left = this.#job.expiresAt ? (new Date(this.#job.expiresAt) - Date.now()) / 1000 : 0;
    deadline.hidden = !(left > 0 && this.#job.data);
    deadline.textContent = `Its links work for ${duration(left)} more, then all of it is deleted.`;
  }

  focus() {
    this.#parts.article.focus();
  }

  #showPhoto() {
    if (this.#photoUrl || !this.#job.photo || this.#job.state === "refused") return;
    this.#photoUrl = URL.createObjectURL(this.#job.photo);
    this.#parts.viewer.showPhoto(this.#photoUrl);
  }

  #showFacts() {
    const { width, height, size, data } = this.#job;
    const report = data?.report;
    const facts = [width ? `${width} × ${height} px` : "", size ? megabytes(size) : ""];
    if (report && !("class_share" in report)) facts.push(`${Math.round(report.share * 100)} % clothing`);
    this.#parts.facts.textContent = facts.filter(Boolean).join(" · ");
  }

  #showCure(text, code = "") {
    const href = `docs/reference/errors#${code.toLowerCase()}`;
    const more = code ? [" ", element("a", { href, text: "What helps" })] : [];
    this.#parts.cure.replaceChildren(text, ...more);
    this.#parts.cure.hidden = !text;
  }

  #showResult() {
    const { found, download, copy, request } = this.#parts;
    if (this.#shown) return;
    const { data } = this.#job;
    this.#look(data.elements[0].image_url, "");
    const pieces = piecesOf(data, (url, piece) => this.#look(url, piece));
    found.replaceChildren(...pieces);
    found.hidden = !pieces.length;
    download.hidden = false;
    copy.hidden = !(window.ClipboardItem && navigator.clipboard?.write);
    request.show(this.#job, this.key);
  }

  #look(url, piece) {
    const [form] = Object.keys(this.#job.data.outputs ?? {});
    const isTransparent = form === "cutout" && !new URL(url).pathname.endsWith(".jpeg");
    const alt = `${piece || "Clothing"} of ${this.#job.name}`;
    this.#shown = url;
    this.#parts.viewer.showPicture(url, { alt, isTransparent });
  }

  #act(button) {
    const act = {
      download: () => this.#download(button),
      copy: () => this.#copy(button),
      retry: () => this.#ask("retry"),
      remove: () => this.#remove(button),
    }[button?.dataset.do];
    act?.();
  }

  async #download(button) {
    try {
      const { blob, name } = await this.#fetch(this.#shown);
      save(blob, name);
    } catch (error) {
      flash(button, error.message);
    }
  }

  #fetch(url) {
    return this.api.fetchResult(this.#job.taskId, url);
  }

  /** Ask once more before pictures go for good. */
  #remove(button) {
    if (this.#job.data && button.textContent !== SURE) flash(button, SURE, 5000);
    else this.#ask("remove");
  }

  async #copy(button) {
    try {
      await copyPicture(this.#fetch(this.#shown));
      flash(button, "Copied");
    } catch {
      flash(button, "Not allowed here");
    }
  }

  #key(event) {
    const isText = event.target.matches("textarea, input:not([type=range], [type=radio])");
    if (!(event.key in SPLITS) || isText || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.#parts.viewer.canCompare) this.#parts.viewer.split(SPLITS[event.key]);
  }

  #ask(what) {
    this.dispatchEvent(new CustomEvent(what, { bubbles: true, detail: this.#job }));
  }

  #lament() {
    const { origin } = new URL(this.#shown);
    this.#showCure(`The result is there, but this browser cannot load it from ${origin}. The operator can set CUTWORK_S3_PUBLIC_ENDPOINT.`);
  }
}

customElements.define("cutwork-card", Card);
