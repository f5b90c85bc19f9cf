import { chip, element } from "./elements.js";
import { percent } from "./words.js";

const ALL = "";
let groups = 0;

/**
 * The pieces of clothing that were asked for: those that were found can be looked at alone, and say how much of the photo
 * they are; the others are named.
 *
 * @param data of the job, as the API tells it.
 * @param choose gets the URL of a picture, and what it shows.
 */
export function piecesOf(data, choose) {
  const [{ image_url: image }, { class_url: urls }] = data.elements;
  const shares = data.report?.class_share ?? {};
  const found = Object.entries(urls).filter(([, url]) => url);
  const missing = Object.keys(urls).filter((name) => !urls[name]);
  if (!found.length && !missing.length) return [];
  groups += 1;
  const one = (value, text, share) => chip("radio", `piece-${groups}`, value, text, ...shareOf(share));
  const chips = element(
    "fieldset",
    { className: "chips" },
    element("legend", { text: "What was found" }),
    one(ALL, "all", data.report?.share),
    ...found.map(([name]) => one(name, name, shares[name])),
  );
  chips.querySelector("input").checked = true;
  chips.addEventListener("change", ({ target }) => choose(urls[target.value] ?? image, target.value || "clothing"));
  const rest = missing.length ? [element("p", { className: "quiet small", text: `Not found: ${missing.join(", ")}` })] : [];
  return [chips, ...rest];
}

function shareOf(share) {
  return share === undefined ? [] : [element("span", { className: "share", text: percent(share), title: "Of the photo" })];
}
