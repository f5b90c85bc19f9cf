/** What the API's contract says, as the server wrote it into the page. */
export const contract = JSON.parse(document.querySelector("meta[name=contract]").content);

export const KEY_HEADER = "ailabapi-api-key";
/** What is sent as long as nobody was asked for a key: an installation without keys takes any. */
export const NO_KEY = "any";

/** States in which a job goes on. */
export const LIVE = new Set(["queued", "processing"]);
