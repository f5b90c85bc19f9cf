/** Milliseconds after which a service that did not answer is asked again. */
const PAUSE = 5000;

/**
 * Look at things again and again, as long as somebody looks at the page; one after the other, so that a key is asked for once.
 *
 * @param looks each `every` so many milliseconds.
 * @param tell gets the error of a look that failed, and null after one that did not; what it returns is waited for.
 */
export async function repeat(looks, tell) {
  const due = looks.map(() => 0);
  for (;;) {
    if (document.hidden) await shown();
    const now = performance.now();
    for (const [at, { every, look }] of looks.entries()) {
      if (due[at] > now) continue;
      try {
        await look();
        due[at] = performance.now() + every;
        tell(null);
      } catch (error) {
        await tell(error);
        due[at] = performance.now() + PAUSE;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(100, Math.min(...due) - performance.now())));
  }
}

function shown() {
  return new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
}
