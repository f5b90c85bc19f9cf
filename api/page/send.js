import { Unreachable } from "./errors.js";

/** Send a form and tell how far it is: `fetch` cannot say that of what it sends. */
export function sendForm(path, form, headers, onProgress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.responseType = "json";
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(total ? loaded / total : 0));
    request.addEventListener("load", () => resolve(answerOf(request)));
    request.addEventListener("error", () => reject(new Unreachable("The service cannot be reached.")));
    request.addEventListener("abort", () => reject(new DOMException("Stopped.", "AbortError")));
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

function answerOf(request) {
  const retryAfter = Number(request.getResponseHeader("Retry-After"));
  return { status: request.status, envelope: request.response, retryAfter };
}
