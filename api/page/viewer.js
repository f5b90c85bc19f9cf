import { copyOf } from "./elements.js";

let viewers = 0;

/** A picture over its photo: what is cut out, what was there, and the ground of one's choice. */
class Viewer extends HTMLElement {
  #parts;
  #isRevealed = false;

  connectedCallback() {
    if (this.#parts) return;
    this.append(copyOf("viewer"));
    const find = (selector) => this.querySelector(selector);
    this.#parts = {
      stage: find(".stage"),
      sheet: find(".sheet"),
      after: find(".after"),
      before: find(".before"),
      seam: find(".seam"),
      compare: find(".compare"),
      tools: find(".tools"),
      grounds: find(".grounds"),
      colour: find("input[type=color]"),
      zoom: find("[data-do=zoom]"),
    };
    viewers += 1;
    for (const radio of this.querySelectorAll("[type=radio]")) radio.name = `ground-${viewers}`;
    this.#parts.compare.addEventListener("input", () => this.split(this.#parts.compare.valueAsNumber));
    this.#parts.grounds.addEventListener("input", () => this.#layGround());
    this.#parts.zoom.addEventListener("click", () => this.#toggleZoom());
    for (const picture of [this.#parts.after, this.#parts.before]) picture.addEventListener("load", () => this.#lay());
    this.#parts.after.addEventListener("error", () => this.dispatchEvent(new Event("unloadable")));
    this.#layGround();
  }

  /** Show the photo, before there is anything else. */
  showPhoto(url) {
    const { before } = this.#parts;
    if (before.src !== url) before.src = url;
    before.hidden = false;
  }

  /** Show a picture; the ground shows through it only if it is transparent. */
  showPicture(url, { alt, isTransparent }) {
    const { after, grounds } = this.#parts;
    after.alt = alt;
    if (after.src !== url) after.src = url;
    grounds.hidden = !isTransparent;
  }

  /** Let the photo be seen up to this part of the width, in per cent. */
  split(percent) {
    const { sheet, compare } = this.#parts;
    sheet.style.setProperty("--split", `${percent}%`);
    compare.value = percent;
    compare.setAttribute("aria-valuetext", describe(percent));
  }

  get canCompare() {
    return !this.#parts.compare.hidden;
  }

  /** Lay the picture and its photo over each other, as far as they are there. */
  #lay() {
    const { stage, sheet, after, before, seam, compare, tools } = this.#parts;
    if (!after.naturalWidth) return;
    after.hidden = tools.hidden = false;
    stage.classList.add("done");
    sheet.style.setProperty("--width", `${after.naturalWidth}px`);
    // A picture that was cropped does not lie over its photo.
    const fits = before.naturalWidth === after.naturalWidth && before.naturalHeight === after.naturalHeight;
    before.hidden = seam.hidden = compare.hidden = !fits;
    if (fits && !this.#isRevealed) this.#reveal();
  }

  /** Wipe the photo away, once. */
  #reveal() {
    const { sheet } = this.#parts;
    this.#isRevealed = true;
    sheet.classList.add("revealing");
    // The browser has to have drawn the one end of the wipe before it gets the other one.
    requestAnimationFrame(() => requestAnimationFrame(() => this.split(0)));
    setTimeout(() => sheet.classList.remove("revealing"), 1500);
  }

  #layGround() {
    const { stage, grounds, colour } = this.#parts;
    const chosen = grounds.querySelector("[type=radio]:checked").value;
    stage.dataset.ground = chosen;
    colour.hidden = chosen !== "own";
    stage.style.setProperty("--own-ground", colour.value);
  }

  #toggleZoom() {
    const { stage, zoom } = this.#parts;
    const isZoomed = stage.classList.toggle("zoomed");
    zoom.setAttribute("aria-pressed", String(isZoomed));
    // So that the arrow keys can move it.
    if (isZoomed) Object.assign(stage, { tabIndex: 0, role: "region", ariaLabel: "Picture at 100 %" });
    else for (const name of ["tabindex", "role", "aria-label"]) stage.removeAttribute(name);
  }
}

function describe(percent) {
  if (percent <= 0) return "Cut-out only";
  if (percent >= 100) return "Photo only";
  return `Photo on the left ${Math.round(percent)} %, cut-out on the right`;
}

customElements.define("cutwork-viewer", Viewer);
