import { Announcer } from "./announcer.js";
import { Api } from "./api.js";
import { Archive } from "./archive.js";
import "./card.js";
import { Desk } from "./desk.js";
import { contract } from "./contract.js";
import { Intake } from "./intake.js";
import { Jobs } from "./jobs.js";
import { Keys } from "./keys.js";
import { List } from "./list.js";
import { Options } from "./options.js";
import { Photos } from "./photos.js";
import { Poll } from "./poll.js";
import { Uploads } from "./uploads.js";
import { megabytes } from "./words.js";

const find = (id) => document.getElementById(id);

const keys = new Keys(find("key-dialog"));
const api = new Api(keys);
const jobs = new Jobs();
const announcer = new Announcer(find("announcer"));
const options = new Options(find("options-form"), find("options-summary"));
const desk = new Desk({ api, jobs, keys, options, photos: new Photos(), uploads: new Uploads(api, jobs), poll: new Poll(api, jobs, keys) });

new List(api, jobs, keys, announcer, desk);
new Archive(api, jobs, find("download-all"), announcer);
new Intake((files, others) => {
  if (others) announcer.say(`${others} other files of the folder were passed over.`);
  desk.take(files);
}, find("veil"));

const { maxBytes, minSide, maxSide } = contract;
find("limits").textContent = `JPEG, PNG or BMP, up to ${megabytes(maxBytes)}, each side ${minSide} to ${maxSide} pixels. Results are deleted after 24 hours.`;
find("key-button").addEventListener("click", () => keys.ask("From now on it is sent with every request of this page."));
find("sample").addEventListener("click", () => desk.takeSample(find("sample").querySelector("img").src));
find("clear").addEventListener("click", () => desk.clear());
desk.recall();
