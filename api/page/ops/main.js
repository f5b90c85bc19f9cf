import { Announcer } from "../announcer.js";
import { Api } from "../api.js";
import { Keys } from "../keys.js";
import { Address } from "./address.js";
import { Finder } from "./finder.js";
import { Jobs } from "./jobs.js";
import { Numbers } from "./numbers.js";
import { Lines } from "./lines.js";
import { repeat } from "./repeat.js";
import { Withdrawal } from "./withdrawal.js";

const find = (id) => document.getElementById(id);

/** Milliseconds between two looks. */
const NUMBERS_EVERY = 3000;
const LINES_EVERY = 30_000;
const REFUSALS = [401, 403];
const NEEDED = "It has to be a key that may see the whole installation. `cutwork-admin keys create operations --scope observe --scope operate` makes one.";

const keys = new Keys(find("key-dialog"), "cutwork.operator-key");
const api = new Api(keys, NEEDED, REFUSALS);
const announcer = new Announcer(find("announcer"));
const address = new Address();

const numbers = new Numbers(api, address);
const lines = new Lines(api, address);
const jobs = new Jobs(api, address, announcer);
new Finder(api, address, announcer);
new Withdrawal(api, jobs, announcer);

const trouble = find("trouble");
repeat([
  { every: NUMBERS_EVERY, look: () => numbers.look() },
  { every: LINES_EVERY, look: () => lines.look() },
], (error) => {
  trouble.textContent = error?.message ?? "";
  trouble.hidden = !error;
  // Who closed the dialog is not asked again and again.
  return REFUSALS.includes(error?.status) ? keys.given() : null;
});

find("key-dialog").addEventListener("given", () => jobs.refresh());
find("key-button").addEventListener("click", () => keys.ask(NEEDED));
