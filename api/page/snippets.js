/**
 * A request as code that runs: in each language it reads the key from `CUTWORK_KEY`, and waits for the end of the job.
 *
 * @param url of the service, without a slash at its end.
 * @param file name of the photo.
 * @param fields of the form, as name and value.
 * @param usualKey what is sent where `CUTWORK_KEY` is not set; empty: nothing will do.
 */
export function snippetsOf({ url, file, fields, usualKey }) {
  const request = { url: `${url}/v1/jobs`, file, fields, usualKey };
  return [
    { language: "cutwork", text: cutwork(url, file, fields) },
    { language: "curl", text: curl(request) },
    { language: "Python", text: python(request) },
    { language: "JavaScript", text: javascript(request) },
  ];
}

/** The options of `cutwork cut` that have a name of their own; all else is `--set`. */
const OPTIONS = { cloth_class: "--classes", outputs: "--form", format: "--format", margin: "--margin", preset: "--preset" };

function cutwork(url, file, fields) {
  const options = fields.map(([name, value]) => {
    if (name === "crop") return "--crop";
    return OPTIONS[name] ? `${OPTIONS[name]} ${shellWord(value)}` : `--set ${shellWord(`${name}=${value}`)}`;
  });
  const photo = file.startsWith("-") ? `./${file}` : file;
  return [`cutwork cut ${shellWord(photo)}`, `--url ${shellWord(url)}`, ...options].join(" \\\n  ");
}

function curl({ url, file, fields, usualKey }) {
  const key = usualKey ? `\${CUTWORK_KEY:-${usualKey}}` : "$CUTWORK_KEY";
  const lines = [
    `curl ${shellWord(url)}`,
    `-H "Authorization: Bearer ${key}"`,
    `-H "Prefer: wait=30"`,
    `-F ${shellWord(`image=@${curlName(file)}`)}`,
    // What `-F` would read as a file, or as a type, is told by another option.
    ...fields.map(([name, value]) => `${/^[@<]|;/.test(value) ? "--form-string" : "-F"} ${shellWord(`${name}=${value}`)}`),
  ];
  return lines.join(" \\\n  ");
}

function python({ url, file, fields, usualKey }) {
  const key = usualKey ? `os.environ.get("CUTWORK_KEY", ${literal(usualKey)})` : `os.environ["CUTWORK_KEY"]`;
  const data = fields.map(([name, value]) => `        ${literal(name)}: ${literal(value)},\n`).join("");
  return `import os
import requests

with open(${literal(file)}, "rb") as photo:
    answer = requests.post(
        ${literal(url)},
        headers={"Authorization": f"Bearer {${key.replaceAll('"', "'")}}", "Prefer": "wait=30"},
        data={
${data.replace(/^ {4}/gm, "        ")}        },
        files={"image": photo},
        timeout=60,
    )
answer.raise_for_status()
print(answer.json()["data"]["elements"][0]["image_url"])`;
}

function javascript({ url, file, fields, usualKey }) {
  const key = usualKey ? `process.env.CUTWORK_KEY ?? ${literal(usualKey)}` : "process.env.CUTWORK_KEY";
  const appends = fields.map(([name, value]) => `form.append(${literal(name)}, ${literal(value)});\n`).join("");
  return `// Node 20 or newer, as a file that ends in .mjs
import { openAsBlob } from "node:fs";

const key = ${key};
const form = new FormData();
form.append("image", await openAsBlob(${literal(file)}), ${literal(file)});
${appends}
const answer = await fetch(${literal(url)}, {
  method: "POST",
  headers: { Authorization: \`Bearer \${key}\`, Prefer: "wait=30" },
  body: form,
});
if (!answer.ok) throw new Error(await answer.text());
console.log((await answer.json()).data.elements[0].image_url);`;
}

/** A word of a shell: as it stands if that is safe, else quoted. */
function shellWord(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** curl takes `,` and `;` in a name for the end of it, unless it is quoted. */
function curlName(file) {
  return /[,;"\\]/.test(file) ? `"${file.replace(/["\\]/g, String.raw`\$&`)}"` : file;
}

/** A string in JSON is one in Python and JavaScript too. */
function literal(text) {
  return JSON.stringify(text);
}
