import { chip } from "../elements.js";
import { plot, spark } from "./plot.js";
import { number, rate, took } from "./pieces.js";

const SPANS = { hour: "Hour", day: "Day", week: "Week" };

const FLOW = [
  { name: "in", tone: "tone-in", reads: (point) => point.arrived, says: rate },
  { name: "done", tone: "tone-done", reads: (point) => point.done, says: rate },
  { name: "failed", tone: "tone-failed", reads: (point) => point.failed, says: rate },
];
const WAITING = [{ name: "photos", tone: "tone-in", reads: (point) => point.queued, says: (value) => number(value) }];
const OLDEST = [{ name: "the oldest", tone: "tone-in", reads: (point) => point.oldest_seconds, says: took }];
const WORKERS = [{ name: "workers", tone: "tone-done", reads: (point) => point.workers, says: (value) => number(value) }];

/** How it was, as plots; and small ones of the last hour beside the numbers. */
export class Lines {
  #api;
  #address;
  #plots = document.getElementById("plots");
  #chips = document.getElementById("spans");

  constructor(api, address) {
    this.#api = api;
    this.#address = address;
    this.#chips.append(...Object.entries(SPANS).map(([span, text]) => chip("radio", "span", span, text)));
    this.#chips.addEventListener("change", ({ target }) => address.go({ span: target.value === "hour" ? "" : target.value }));
    let shown = this.#span;
    address.addEventListener("change", () => {
      if (this.#span !== shown) this.look().catch(() => {});
      shown = this.#span;
    });
  }

  async look() {
    const span = this.#span;
    for (const input of this.#chips.querySelectorAll("input")) input.checked = input.value === span;
    const { points, marks } = await this.#api.read(`v1/ops/series?span=${span}`);
    const hour = span === "hour" ? points : (await this.#api.read("v1/ops/series?span=hour")).points;
    this.#draw(points, marks);
    for (const place of document.querySelectorAll("[data-spark]")) {
      place.replaceChildren(spark(hour.map((point) => point[place.dataset.spark])));
    }
    for (const place of document.querySelectorAll("[data-last]")) {
      place.textContent = hour.length ? rate(hour.at(-1)[place.dataset.last]) : "–";
    }
  }

  get #span() {
    const span = this.#address.get("span");
    return span in SPANS ? span : "hour";
  }

  #draw(points, marks) {
    // Who reads a table, or stands in one, keeps it.
    if (this.#plots.querySelector("details[open]")) return;
    this.#plots.replaceChildren(
      plot("Photos a minute", FLOW, points, marks),
      plot("Waiting", WAITING, points, []),
      plot("How long the oldest has waited", OLDEST, points, []),
      plot("Workers", WORKERS, points, []),
    );
  }
}
