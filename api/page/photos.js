const STORE = "photos";
/** What one visit keeps: a folder of thousands is not copied into the browser. */
const MOST_BYTES = 300 * 1024 * 1024;

/**
 * The photos themselves, kept in this browser: the service deletes them when their job ends, and "before" would be gone
 * after a reload. Where the browser keeps nothing (a private window), all else works.
 */
export class Photos {
  #database = open();
  #kept = 0;

  async keep(id, blob) {
    this.#kept += blob.size;
    if (this.#kept <= MOST_BYTES) await this.#run("readwrite", (store) => store.put(blob, id));
  }

  async find(id) {
    return (await this.#run("readonly", (store) => store.get(id))) ?? null;
  }

  async forget(id) {
    await this.#run("readwrite", (store) => store.delete(id));
  }

  /** Forget all but these. */
  async keepOnly(ids) {
    const wanted = new Set(ids);
    const known = (await this.#run("readonly", (store) => store.getAllKeys())) ?? [];
    for (const id of known) if (!wanted.has(id)) await this.forget(id);
  }

  async #run(mode, act) {
    try {
      const database = await this.#database;
      return await settled(act(database.transaction(STORE, mode).objectStore(STORE)));
    } catch {
      return undefined;
    }
  }
}

function open() {
  const request = indexedDB.open("cutwork", 1);
  request.addEventListener("upgradeneeded", () => request.result.createObjectStore(STORE));
  const database = settled(request);
  // Each use of it finds out for itself.
  database.catch(() => {});
  return database;
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}
