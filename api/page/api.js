import { KEY_HEADER, NO_KEY } from "./contract.js";
import { KeyWanted, Refused, Unreachable } from "./errors.js";
import { sendForm } from "./send.js";

const UNAUTHORIZED = 401;
const NEEDED = "This service asks for a key. Its operator makes them with `cutwork-admin keys create`.";

/** The public API, used as any other client uses it. Paths are relative: a proxy may serve the page under a path. */
export class Api {
  #keys;
  #needed;
  #asksOn;

  /** `needed` says which key is asked for; `asksOn` are the answers after which another one may help. */
  constructor(keys, needed = NEEDED, asksOn = [UNAUTHORIZED]) {
    this.#keys = keys;
    this.#needed = needed;
    this.#asksOn = asksOn;
  }

  /** Ask for what a path tells. */
  async read(path, signal) {
    const { envelope } = await this.#ask((headers) => fetchJson(path, { headers, signal }));
    return envelope.data;
  }

  /** Send a JSON object, and give back what is told about it. */
  async send(path, body) {
    const options = { method: "POST", body: JSON.stringify(body) };
    const { envelope } = await this.#ask((headers) =>
      fetchJson(path, { ...options, headers: { ...headers, "Content-Type": "application/json" } }),
    );
    return envelope.data;
  }

  /** Ask for several jobs in one request, which waits until one of them has ended. */
  async showJobs(ids, seconds, signal) {
    const query = new URLSearchParams({ ids: ids.join(","), ...(seconds ? { wait: String(seconds) } : {}) });
    const { envelope, retryAfter } = await this.#ask((headers) => fetchJson(`v1/jobs?${query}`, { headers, signal }));
    return { jobs: envelope.data.jobs, retryAfter };
  }

  /** Send a photo; the same key twice is the same job. */
  async createJob(form, { idempotencyKey, onProgress, signal }) {
    const { envelope } = await this.#ask((headers) =>
      sendForm("v1/jobs", form, { ...headers, "Idempotency-Key": idempotencyKey }, onProgress, signal),
    );
    return envelope;
  }

  /** Delete a job, its photo and its results; fine if it is gone. */
  async eraseJob(taskId) {
    await this.#ask((headers) => fetchJson(`v1/jobs/${taskId}`, { method: "DELETE", headers }), { fine: [404, 410] });
  }

  /** Fetch a result from the service itself: the object store lets pages show it, and need not let them read it. */
  fetchResult(taskId, url) {
    return this.fetchFile(`v1/jobs/${taskId}/results/${new URL(url).pathname.split("/").pop()}`);
  }

  /** Fetch a file that the service makes: its bytes, and what it is called. */
  async fetchFile(path) {
    const { response } = await this.#ask((headers) => fetchJson(path, { headers }), { isByHand: true });
    return { blob: await response.blob(), name: nameIn(response.headers.get("Content-Disposition")) };
  }

  /** `isByHand`: somebody has just asked for it, and is asked for a key each time. */
  async #ask(send, { fine = [], isByHand = false } = {}) {
    for (;;) {
      const key = this.#keys.current;
      const answer = await send({ [KEY_HEADER]: key });
      if (answer.status < 400 || fine.includes(answer.status)) return answer;
      const refused = new Refused(answer);
      if (!this.#asksOn.includes(answer.status)) throw refused;
      // Somebody else may have got a key while this one was on its way.
      const reason = key === NO_KEY ? this.#needed : refused.message;
      if (key !== this.#keys.current) continue;
      const given = await (isByHand ? this.#keys.ask(reason) : this.#keys.need(reason));
      if (!given) throw new KeyWanted(answer, reason);
    }
  }
}

async function fetchJson(path, options) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unreachable("The service cannot be reached.");
  }
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  const envelope = isJson ? await response.json() : null;
  return { status: response.status, envelope, response, retryAfter: Number(response.headers.get("Retry-After")) };
}

/** The name of a file: where it is more than ASCII, it is coded (RFC 6266). */
function nameIn(disposition) {
  const coded = /filename\*=UTF-8''([^;]+)/i.exec(disposition);
  return coded ? decodeURIComponent(coded[1]) : /filename="?([^";]+)/i.exec(disposition)?.[1];
}
