// Asks for what is new, every two seconds while somebody looks.

import { type Api, type Trouble, asTrouble, isCalledOff } from "../api";
import type { LiveEvent } from "./event";

export interface Told {
  events: LiveEvent[];
  next: string;
  /** There is more than was told: to be asked for at once. */
  more: boolean;
  /** How many came in within each of the last minutes, the one that is not over last. */
  minutes: { start: string; events: number }[];
}

export interface Hearing {
  /** Newest first; `isFirst` of what was there when it began. */
  came(told: Told, isFirst: boolean): void;
  /** null: all is well again. */
  failed(trouble: Trouble | null): void;
}

const EVERY_MS = 2_000;
const MOST = 200;

/** Hears until the signal falls. While the page is hidden nothing is asked. */
export async function hear(api: Api, hearing: Hearing, signal: AbortSignal): Promise<void> {
  let after: string | null = null;
  let failures = 0;
  while (!signal.aborted) {
    try {
      await shown(signal);
      const told: Told = await api.get<Told>(`live?limit=${MOST}${after === null ? "" : `&after=${encodeURIComponent(after)}`}`, signal);
      if (failures) hearing.failed(null);
      failures = 0;
      const isFirst = after === null;
      hearing.came(told, isFirst);
      after = told.next;
      if (told.more && !isFirst) continue;
    } catch (error) {
      if (isCalledOff(error)) return;
      const trouble = asTrouble(error);
      failures++;
      hearing.failed(trouble);
      if (trouble.status === 401 || trouble.status === 403) return;
    }
    await pause(EVERY_MS * Math.min(1 + failures, 10), signal);
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
  });

function shown(signal: AbortSignal): Promise<void> {
  if (!document.hidden) return Promise.resolve();
  return new Promise((done) => {
    const seen = (): void => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", seen);
      done();
    };
    document.addEventListener("visibilitychange", seen);
    signal.addEventListener("abort", seen, { once: true });
  });
}
