// Sends the queue: one batch after the other while the page lives, all that fits when it may end.

import { attempt } from "./attempt";
import { question } from "./batch";
import { bytesOf } from "./bytes";
import { guarded } from "./guard";
import { acknowledged, giveUp, persist, queue, type Entry } from "./queue";
import { BASE } from "./settings";

/** Browsers allow 64 KiB of keepalive bodies in flight at once, the page's own included, and refuse what is above. */
const QUOTA = 60_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 300_000;
const LONGEST_WAIT_S = 24 * 3_600;
const TIMEOUT_MS = 30_000;

const ENDPOINT = `${BASE}v1/capture`;
const KEEPALIVE = "keepalive" in Request.prototype;

let failures = 0;
let waiting: ReturnType<typeof setTimeout> | undefined;
let notBefore = 0;

/** Sends the oldest batch, unless one is under way or a retry is due later. */
export function drain(): void {
  const next = queue.find(({ _sent }) => !_sent);
  if (next && !waiting && !queue.some(({ _busy }) => _busy)) send(next);
}

/** The page may end now: everything goes out that may, and copies stay behind until it is acknowledged. */
export function sendAll(): void {
  if (Date.now() >= notBefore) for (const entry of queue) if (!entry._busy && !entry._sent) (KEEPALIVE ? send : beacon)(entry);
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

/** Asks at once for what earlier pages sent: a page that is left soon would only hand it on once more. */
export function ask(): void {
  const entry = question();
  if (entry._unsure![0]) send(entry);
}

const stamped = (entry: Entry): string => entry._body.replace(":0", `:${Date.now()}`);

/** A beacon has no answer, so the collector is asked about it; one over the quota is refused, and waits. */
const beacon = (entry: Entry): boolean => (entry._sent = navigator.sendBeacon(ENDPOINT, stamped(entry)));

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
    .then(async (answer) => settled(entry, answer, await answer.text())) // Until it is read, Chromium counts the request as in flight.
    .catch(() => settled(entry)); // No network, no answer in time, over the quota: later.
}

const settled = guarded((entry: Entry, answer?: Response, text?: string) => {
  const status = answer?.status ?? 0;
  entry._busy = entry._sent = false;
  if (/^(0|408|429|5)/.test(`${status}`)) return retry(answer);
  if (status === 413) giveUp(entry, "size");
  else acknowledged(entry, attempt(() => (JSON.parse(text!) as { missing?: string[] }).missing));
  failures = 0;
  drain();
});

function retry(answer: Response | undefined): void {
  persist(false);
  const asked = Math.min(+(answer?.headers.get("retry-after") ?? 0) || 0, LONGEST_WAIT_S) * 1_000;
  notBefore = asked && Date.now() + asked;
  waiting ||= setTimeout(due, Math.max(asked, Math.min(FIRST_RETRY_MS * 2 ** failures++, LAST_RETRY_MS) * (0.5 + Math.random() / 2)));
}
