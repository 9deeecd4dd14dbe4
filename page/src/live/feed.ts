// Asks for what is new, every two seconds while somebody looks.

import { type Api, type Trouble, asTrouble, isCalledOff } from "../api";
import type { LiveEvent } from "./event";

export interface Told {
  events: LiveEvent[];
  next: string;
}

export interface Hearing {
  /** Newest first; `isFirst` of what was there when it began. */
  came(events: LiveEvent[], isFirst: boolean): void;
  /** null: all is well again. */
  failed(trouble: Trouble | null): void;
}

const EVERY_MS = 2_000;
const FIRST = 200;
const MOST = 500;

/** Hears until the signal falls. While the page is hidden nothing is asked. */
export async function hear(api: Api, hearing: Hearing, signal: AbortSignal): Promise<void> {
  let after: string | null = null;
  let failures = 0;
  while (!signal.aborted) {
    try {
      await shown(signal);
      const query: string = after === null ? `limit=${FIRST}` : `limit=${MOST}&after=${encodeURIComponent(after)}`;
      const { events, next }: Told = await api.get<Told>(`live?${query}`, signal);
      if (failures) hearing.failed(null);
      failures = 0;
      if (events.length || after === null) hearing.came(events, after === null);
      after = next;
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
