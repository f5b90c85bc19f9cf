import { NO_KEY } from "./contract.js";

/** The API key: asked for once, kept for the tab or for the device, as its owner chooses. */
export class Keys {
  #dialog;
  #form;
  #name;
  /** Of those who wait for a key. */
  #given = null;
  #resolve = null;
  /** Whether who was asked has said no, and has given none since. */
  #declined = false;

  /** `name` is what it is kept under: keys for different things are different ones. */
  constructor(dialog, name = "cutwork.key") {
    this.#dialog = dialog;
    this.#name = name;
    this.#form = dialog.querySelector("form");
    this.#form.addEventListener("submit", (event) => this.#take(event));
    dialog.querySelector("#key-cancel").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => this.#close());
  }

  /** The key to send. */
  get current() {
    return sessionStorage.getItem(this.#name) ?? localStorage.getItem(this.#name) ?? NO_KEY;
  }

  /** Ask for a key, once for all who want one meanwhile; false if none was given. */
  ask(reason) {
    if (!this.#given) {
      this.#given = new Promise((resolve) => {
        this.#resolve = resolve;
      });
      this.#dialog.querySelector("#key-reason").textContent = reason;
      this.#form.reset();
      this.#dialog.showModal();
      this.#form.elements.key.focus();
    }
    return this.#given;
  }

  /** The same for what goes on by itself: who has said no is not asked again and again. */
  async need(reason) {
    if (this.#declined) return false;
    const given = await this.ask(reason);
    this.#declined = !given;
    return given;
  }

  /** Wait until somebody gives a key, asked or not. */
  given() {
    return new Promise((resolve) => this.#dialog.addEventListener("given", resolve, { once: true }));
  }

  /** Do something each time that somebody gives a key. */
  whenGiven(act) {
    this.#dialog.addEventListener("given", act);
  }

  #take(event) {
    event.preventDefault();
    const { key, remember } = this.#form.elements;
    this.#declined = false;
    this.#forget();
    (remember.checked ? localStorage : sessionStorage).setItem(this.#name, key.value.trim());
    this.#settle(true);
    this.#dialog.dispatchEvent(new Event("given"));
    this.#dialog.close();
  }

  #close() {
    this.#form.reset();
    this.#settle(false);
  }

  #settle(given) {
    this.#resolve?.(given);
    this.#given = this.#resolve = null;
  }

  #forget() {
    sessionStorage.removeItem(this.#name);
    localStorage.removeItem(this.#name);
  }
}
