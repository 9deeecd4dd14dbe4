// Work that needs nothing of the page any more waits until the browser is idle, or until what it writes must go out.

import { guarded } from "./guard";
import { allowed } from "./state";

const LATEST_MS = 500;

const jobs: (() => void)[] = [];

/** Safari has no requestIdleCallback: https://caniuse.com/requestidlecallback */
const whenIdle: (work: () => void, options: object) => void = window.requestIdleCallback ?? setTimeout;

export function later(job: () => void): void {
  if (jobs.push(guarded(job)) < 2) whenIdle(work, { timeout: LATEST_MS });
}

/** Does all that waits, now. */
export function work(): void {
  for (const job of jobs.splice(0)) if (allowed()) job();
}
