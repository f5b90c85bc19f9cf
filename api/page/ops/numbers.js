import { element } from "../elements.js";
import { helpLink, number, put, table, took } from "./pieces.js";

/** Which number an alarm is about, and what it says; one that says nothing is filled in from the last sample. */
const TILES = [
  { about: "queued", name: "Waiting", spark: "queued", says: (it) => number(it.queued, it.is_more), href: { status: "queued" } },
  { about: "oldest", name: "Oldest has waited", spark: "oldest_seconds", says: (it) => took(it.oldest_seconds) },
  { about: "at_work", name: "Being worked on", says: (it) => number(it.at_work), href: { status: "processing" } },
  { about: "in", name: "In, a minute", spark: "arrived" },
  { about: "out", name: "Out, a minute", spark: "done", says: (it) => number(it.finished_lately) },
  { about: "failures", name: "Failed, last hour", spark: "failed", says: failedShare, href: { status: "failed" } },
  { about: "workers", name: "Workers", spark: "workers", says: (it) => (it.workers ? number(it.workers.length) : "?") },
];

/** The numbers of this moment, what is wrong with them, what failed, and who works. */
export class Numbers {
  #api;
  #address;
  #tiles = new Map();
  #alarms = document.getElementById("alarms");
  #codes = document.getElementById("codes");
  #workers = document.getElementById("workers");

  constructor(api, address) {
    this.#api = api;
    this.#address = address;
    const section = document.getElementById("numbers");
    for (const tile of TILES) {
      const value = element("p", { className: "value", text: "…" });
      const line = element("div", { className: "line" });
      if (tile.spark) line.dataset.spark = tile.spark;
      if (!tile.says) value.dataset.last = tile.spark;
      const made = element("div", { className: "tile" }, element("h2", { className: "small quiet", text: tile.name }), value, line);
      this.#tiles.set(tile.about, { made, value });
      section.append(made);
    }
  }

  async look() {
    const seen = await this.#api.read("v1/ops");
    const alarms = new Map(seen.alarms.map((alarm) => [alarm.about, alarm]));
    for (const tile of TILES) if (tile.says) this.#fill(tile, seen, alarms.get(tile.about));
    put(this.#alarms, ...seen.alarms.map((it) => element("li", {}, `${it.message} `, helpLink("What to do", it.help))));
    put(this.#codes, this.#failures(seen.failures));
    put(this.#workers, fleet(seen.workers));
  }

  #fill({ about, says, href }, seen, alarm) {
    const { made, value } = this.#tiles.get(about);
    made.classList.toggle("bad", Boolean(alarm));
    const text = says(seen);
    if (alarm) put(value, helpLink(text, alarm.help));
    else if (href) put(value, element("a", { href: this.#address.href(href), text }));
    else put(value, text);
  }

  #failures({ ended, codes }) {
    if (!codes.length) return element("p", { className: "quiet", text: ended ? `None of the last ${number(ended)}.` : "Nothing ended in the last hour." });
    const rows = codes.map((it) => [
      helpLink(it.code, it.help, it.is_ours ? "bad" : ""),
      element("a", { href: this.#address.href({ status: "failed", code: it.code }), text: number(it.count) }),
      `${((100 * it.count) / ended).toFixed(1)} %`,
      it.is_ours ? "ours" : "the photo’s",
    ]);
    return table("What failed in the last hour", ["Error", "Jobs", "Share", "Whose fault"], rows);
  }
}

function failedShare({ failures: { ended, codes } }) {
  const failed = codes.reduce((sum, it) => sum + it.count, 0);
  return ended ? `${((100 * failed) / ended).toFixed(failed && failed < ended / 100 ? 1 : 0)} %` : "–";
}

function fleet(workers) {
  if (!workers) return element("p", { className: "bad", text: "Redis does not answer, so no worker is seen." });
  if (!workers.length) return element("p", { className: "bad", text: "None." });
  const rows = workers.map((it) => [
    element("span", { className: "name", text: it.name }),
    it.model,
    it.provider,
    it.release,
    load(it),
    it.is_silent ? element("span", { className: "bad", text: `silent for ${took(it.silent_seconds)}` }) : `up ${took(it.up_seconds)}`,
  ]);
  return table("Workers", ["Name", "Network", "On", "Release", "Busy", ""], rows);
}

function load({ busy, hands }) {
  const meter = element("meter", { max: hands, value: busy, ariaLabel: "Busy" });
  return element("span", { className: "load" }, meter, ` ${busy}/${hands}`);
}
