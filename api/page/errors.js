/** The service cannot be reached: nothing was answered. */
export class Unreachable extends Error {}

/** The service answered with an error of its catalogue. */
export class Refused extends Error {
  constructor(answer) {
    const detail = answer.envelope?.error_detail ?? {};
    super(detail.message || `The service answered ${answer.status}.`);
    this.status = answer.status;
    this.code = detail.code ?? "";
    this.reason = detail.code_message || "The service refused.";
    this.retryAfter = answer.retryAfter;
  }
}

/** The service wants a key, or another one, and nobody gave it. */
export class KeyWanted extends Refused {
  constructor(answer, wanted) {
    super(answer);
    this.message = wanted;
    this.reason = "A key is needed.";
  }
}
