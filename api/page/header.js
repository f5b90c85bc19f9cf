/** How much of a file is read: the size of a JPEG stands behind its metadata, which may be long. */
const HEAD_BYTES = 512 * 1024;

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const BMP = [0x42, 0x4d];
const JPEG = [0xff, 0xd8, 0xff];
/** Markers of a JPEG that stand alone, and those of its frames, which hold the size. */
const isAlone = (marker) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
const isFrame = (marker) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/**
 * Read the type and the size in pixels of a photo from its first bytes; null if it is none that the service takes.
 * The size is null where it does not show: then the service says what is wrong.
 */
export async function readHeader(blob) {
  const view = new DataView(await blob.slice(0, HEAD_BYTES).arrayBuffer());
  const begins = (magic) => view.byteLength >= magic.length && magic.every((byte, at) => view.getUint8(at) === byte);
  const read = begins(PNG) ? sizeOfPng : begins(JPEG) ? sizeOfJpeg : begins(BMP) ? sizeOfBmp : null;
  if (!read) return null;
  try {
    return { size: read(view) };
  } catch (error) {
    if (error instanceof RangeError) return { size: null };
    throw error;
  }
}

function sizeOfPng(view) {
  return [view.getUint32(16), view.getUint32(20)];
}

function sizeOfBmp(view) {
  const isOld = view.getUint32(14, true) === 12;
  if (isOld) return [view.getUint16(18, true), view.getUint16(20, true)];
  // A negative height says that the rows come from the top.
  return [view.getInt32(18, true), Math.abs(view.getInt32(22, true))];
}

function sizeOfJpeg(view) {
  for (let at = 2; ; ) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    if (isFrame(marker)) return [view.getUint16(at + 7), view.getUint16(at + 5)];
    // One 0xff more is a filler.
    at += marker === 0xff ? 1 : isAlone(marker) ? 2 : 2 + view.getUint16(at + 2);
  }
}
