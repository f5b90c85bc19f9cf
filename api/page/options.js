import { contract } from "./contract.js";
import { chip, element } from "./elements.js";

const NAME = "cutwork.options";
const MARGIN = "5%";

/** What is asked for beside the photo: the fields of the API's form. */
export class Options {
  #form;
  #summary;

  constructor(form, summary) {
    this.#form = form;
    this.#summary = summary;
    form.querySelector("#option-categories").append(
      ...contract.categories.map((name) => chip("checkbox", "cloth_class", name, name)),
    );
    form.elements.format.append(...contract.formats.map((name) => element("option", { value: name, text: name.toUpperCase() })));
    form.elements.size.append(
      ...contract.presets.map((name) => element("option", { value: `preset ${name}`, text: `Preset ${name}` })),
    );
    this.#recall();
    form.addEventListener("change", () => this.#keep());
    this.#sum();
  }

  /** The fields for a photo, as name and value, in the order in which they are sent. */
  fieldsFor(name) {
    const chosen = new FormData(this.#form);
    const fields = [];
    const add = (field, value, usual = "") => value !== usual && fields.push([field, value]);
    add("cloth_class", chosen.getAll("cloth_class").join(","));
    add("outputs", chosen.get("outputs"));
    add("out_mode", chosen.get("out_mode"));
    add("format", chosen.get("format"), contract.formats[0]);
    const [kind, preset] = chosen.get("size").split(" ");
    if (kind === "crop") fields.push(["crop", "true"], ["margin", MARGIN]);
    if (kind === "preset") fields.push(["preset", preset]);
    // What the photo is called, so that lists and archives can say it.
    add("reference", referenceOf(name));
    return fields;
  }

  #recall() {
    const { elements } = this.#form;
    let known = {};
    try {
      known = JSON.parse(localStorage.getItem(NAME)) ?? {};
    } catch {
      // Nothing that could be read: as on a first visit.
    }
    for (const box of elements.cloth_class) box.checked = known.cloth_class?.includes(box.value) ?? true;
    for (const field of ["outputs", "out_mode", "size", "format"]) {
      const select = elements[field];
      if ([...select.options].some((option) => option.value === known[field])) select.value = known[field];
    }
  }

  #keep() {
    const chosen = new FormData(this.#form);
    const known = { ...Object.fromEntries(chosen), cloth_class: chosen.getAll("cloth_class") };
    localStorage.setItem(NAME, JSON.stringify(known));
    this.#sum();
  }

  #sum() {
    const { elements } = this.#form;
    const pieces = [...elements.cloth_class].filter((box) => box.checked).length;
    const selected = ["outputs", "out_mode", "size", "format"].map((field) => elements[field].selectedOptions[0].text);
    const all = pieces === contract.categories.length;
    const shown = [selected[0], all ? "" : `${pieces} of ${contract.categories.length} pieces`, selected[3]];
    this.#summary.textContent = shown.filter(Boolean).join(" · ");
  }
}

/** A reference has up to 255 characters, and none that steer. */
function referenceOf(name) {
  return [...name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "")].slice(0, 255).join("").trim();
}
