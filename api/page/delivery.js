import { element } from "./elements.js";

/** The picture as bytes; the object store may not let pages read it, although they can show it. */
export async function fetchPicture(url) {
  const response = await fetch(url, { cache: "no-store" });
  if (!response.ok) throw new Error(`The object store answered ${response.status}.`);
  return response.blob();
}

/** Save bytes under a name. */
export function save(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Save a picture; where the page may not read it, it opens beside, to be saved from there. */
export async function savePicture(url, name) {
  try {
    save(await fetchPicture(url), name);
  } catch {
    element("a", { href: url, target: "_blank", rel: "noopener" }).click();
  }
}

/** Put a picture into the clipboard, which takes PNGs only. */
export async function copyPicture(url) {
  const png = fetchPicture(url).then((blob) => (blob.type === "image/png" ? blob : asPng(blob)));
  await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
}

/** What a picture is called when it is saved: after its photo, and what it shows of it. */
export function fileNameOf(photo, piece, url) {
  const ending = new URL(url).pathname.split(".").pop();
  const base = photo.replace(/\.[^.]*$/, "") || "photo";
  return `${base}-${piece || "cutout"}.${ending}`;
}

async function asPng(blob) {
  const bitmap = await createImageBitmap(blob);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}
