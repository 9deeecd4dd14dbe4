// Sends the queue: one batch after the other while the page lives, all that fits when it may end.

import { bytesOf } from "./bytes";
import { guarded } from "./guard";
import { giveUp, persist, queue, settle, type Entry } from "./queue";
import { BASE } from "./settings";

/** Browsers allow 64 KiB of keepalive bodies in flight at once, the page's own included, and refuse what is above. */
const QUOTA = 60_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 300_000;
const LONGEST_WAIT_S = 24 * 3_600;
const TIMEOUT_MS = 30_000;

const ENDPOINT = `${BASE}v1/capture`;

let failures = 0;
let waiting: ReturnType<typeof setTimeout> | undefined;
let notBefore = 0;

/** Sends the oldest batch, unless one is under way or a retry is due later. */
export function drain(): void {
  if (queue[0] && !waiting && !queue.some(({ _busy }) => _busy)) send(queue[0]);
}

/** The page may end now: everything goes out that may, and copies stay behind until it is acknowledged. */
export function sendAll(): void {
  if (Date.now() >= notBefore) for (const entry of queue) if (!entry._busy) send(entry);
}

/** The network is back: no need to wait for the next retry. */
export function resume(): void {
  if (Date.now() >= notBefore) due();
}

/** The timer knows best: meanwhile the clock may have been put back. */
function due(): void {
  clearTimeout(waiting);
  notBefore = waiting = 0;
  drain();
}

const stamped = (entry: Entry): string => entry._body.replace(":0", `:${Date.now()}`);

/**
 * A string goes as text/plain: no preflight. Where it fits, keepalive saves it from the end of the page, but not from
 * having no network.
 */
function send(entry: Entry): void {
  const body = stamped(entry);
  const keepalive = bytesOf(body) < QUOTA;
  entry._busy = true;
  entry._sent = keepalive && navigator.onLine;
  fetch(ENDPOINT, { method: "POST", body, keepalive, credentials: "omit", signal: AbortSignal.timeout?.(TIMEOUT_MS) })
    .then(async (answer) => (await answer.text(), settled(entry, answer))) // Until it is read, Chromium counts the request as in flight.
    .catch(() => settled(entry)); // No network, no answer in time, over the quota: later.
}

const settled = guarded((entry: Entry, answer?: Response) => {
  entry._busy = entry._sent = false;
  if (/^(u|408|429|5)/.test(`${answer?.status}`)) return retry(answer);
  if (answer!.status === 413) giveUp(entry, "size");
  else settle(entry);
  failures = 0;
  drain();
});

function retry(answer: Response | undefined): void {
  persist(false);
  const asked = Math.min(+answer?.headers.get("retry-after")! || 0, LONGEST_WAIT_S) * 1_000;
  notBefore = asked && Date.now() + asked;
  waiting ||= setTimeout(due, Math.max(asked, Math.min(FIRST_RETRY_MS * 2 ** failures++, LAST_RETRY_MS) * (0.5 + Math.random() / 2)));
}
