const PHOTO = /\.(jpe?g|png|bmp)$/i;

/** Every way in which photos get into the page: dropped anywhere, pasted, chosen, a whole folder. */
export class Intake {
  #take;
  #veil;

  /** `take` gets the files, and how many others of a folder were passed over. */
  constructor(take, veil) {
    this.#take = take;
    this.#veil = veil;
    this.#choose("choose-photos", (files) => take(files, 0));
    this.#choose("choose-folder", (files) => this.#takePhotosOf(files));
    document.addEventListener("paste", (event) => this.#paste(event));
    document.addEventListener("dragenter", (event) => this.#over(event));
    document.addEventListener("dragover", (event) => this.#over(event));
    document.addEventListener("dragleave", (event) => event.relatedTarget ?? this.#lift());
    document.addEventListener("drop", (event) => this.#drop(event));
  }

  #choose(id, use) {
    const input = document.getElementById(id);
    input.addEventListener("change", () => {
      use([...input.files]);
      // So that the same file can be chosen again.
      input.value = "";
    });
  }

  #paste({ clipboardData }) {
    const files = [...(clipboardData?.files ?? [])];
    if (files.length) this.#take(files, 0);
  }

  #over(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    this.#veil.hidden = false;
  }

  #lift() {
    this.#veil.hidden = true;
  }

  async #drop(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.#lift();
    // Entries must be asked for before anything is awaited.
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const alone = [...event.dataTransfer.files];
    if (!entries.some((entry) => entry.isDirectory)) {
      this.#take(alone, 0);
      return;
    }
    const files = await Promise.all(entries.map(filesOf));
    this.#takePhotosOf(files.flat());
  }

  /** A folder holds other things, too: nobody meant those. */
  #takePhotosOf(files) {
    const photos = files.filter((file) => PHOTO.test(file.name) && !file.name.startsWith("."));
    this.#take(photos, files.length - photos.length);
  }
}

async function filesOf(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    // A directory is told in portions; an empty one is the end.
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break;
    found.push(...some);
  }
  return (await Promise.all(found.map(filesOf))).flat();
}
