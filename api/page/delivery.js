import { element } from "./elements.js";

/** Save bytes under a name. */
export function save(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Put a picture that is on its way into the clipboard, which takes PNGs only. */
export async function copyPicture(picture) {
  const png = picture.then(({ blob }) => (blob.type === "image/png" ? blob : asPng(blob)));
  await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
}

async function asPng(blob) {
  const bitmap = await createImageBitmap(blob);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}
