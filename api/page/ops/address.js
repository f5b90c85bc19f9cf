/** What the address holds of the jobs that are chosen. */
export const FILTERS = ["status", "tenant", "code", "since", "until"];

/** What is looked at, in the page's address: it survives a reload, and can be sent to a colleague. Event: `change`. */
export class Address extends EventTarget {
  constructor() {
    super();
    addEventListener("popstate", () => this.dispatchEvent(new Event("change")));
  }

  get(name) {
    return new URLSearchParams(location.search).get(name) ?? "";
  }

  /** The choice of jobs, as the API wants it. */
  get filter() {
    return Object.fromEntries(FILTERS.map((name) => [name, this.get(name)]).filter(([, value]) => value));
  }

  /** Go to what these say; an empty one is left out. */
  go(changes) {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(changes)) {
      if (value) query.set(name, value);
      else query.delete(name);
    }
    const text = query.toString();
    history.pushState(null, "", text ? `?${text}` : location.pathname);
    this.dispatchEvent(new Event("change"));
  }

  /** An address that changes these alone, for a link. */
  href(changes) {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(changes)) query.set(name, value);
    return `?${query}`;
  }
}
