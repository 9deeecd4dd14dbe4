// Sends the queue: one batch after the other while the page lives, all that fits when it may end.

import { attempt } from "./attempt";
import { bytesOf } from "./bytes";
import { guarded } from "./guard";
import { acknowledged, giveUp, persist, queue, settle, type Entry } from "./queue";
import { BASE } from "./settings";

/** Browsers allow 64 KiB of keepalive bodies in flight at once, the page's own included. */
const QUOTA = 60_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 300_000;
const LONGEST_WAIT_MS = 24 * 3_600_000;
const TIMEOUT_MS = 30_000;

const ENDPOINT = `${BASE}v1/capture`;
const KEEPALIVE = "keepalive" in Request.prototype;

let inFlight = 0;
let failures = 0;
let waiting: ReturnType<typeof setTimeout> | undefined;
let notBefore = 0;

/** Sends the oldest batch, unless one is under way or a retry is due later. */
export function drain(): void {
  const next = queue.find(({ _sent }) => !_sent);
  if (!waiting && !queue.some(({ _busy }) => _busy) && next) send(next);
}

/** The page may end now: everything goes out that may, and copies stay behind until it is acknowledged. */
export function sendAll(): void {
  if (Date.now() < notBefore) return;
  for (const entry of queue.filter(({ _busy, _sent }) => !_busy && !_sent)) (KEEPALIVE ? send : beacon)(entry);
}

/** The network is back: no need to wait for the next retry. */
export function resume(): void {
  if (Date.now() >= notBefore) due();
}

/** The timer knows best: meanwhile the clock may have been put back. */
function due(): void {
  clearTimeout(waiting);
  waiting = undefined;
  notBefore = 0;
  drain();
}

const stamped = (entry: Entry): string => entry._body.replace('"sent_at":0', `"sent_at":${Date.now()}`);

/** A beacon has no answer, so the collector is asked about it; one over the quota is refused, and waits. */
const beacon = (entry: Entry): boolean => (entry._sent = navigator.sendBeacon(ENDPOINT, stamped(entry)));

/** A string goes as text/plain: no preflight. Where it fits, keepalive saves it from the end of the page. */
async function send(entry: Entry): Promise<void> {
  const body = stamped(entry);
  const size = bytesOf(body);
  const keepalive = inFlight + size <= QUOTA;
  const taken = keepalive ? size : 0;
  inFlight += taken;
  entry._busy = true;
  entry._sent = keepalive;
  const answer = await post(body, keepalive).catch(() => undefined); // No network, no answer in time, over the quota: later.
  entry._busy = entry._sent = false;
  inFlight -= taken;
  settled(entry, answer);
}

async function post(body: string, keepalive: boolean): Promise<[Response, string]> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const answer = await fetch(ENDPOINT, { method: "POST", body, keepalive, credentials: "omit", signal });
  return [answer, await answer.text()]; // Until the answer is read, Chromium counts the request as in flight.
}

const settled = guarded((entry: Entry, [answer, text = ""]: [Response?, string?] = []) => {
  const status = answer?.status ?? 0;
  if (!status || status === 408 || status === 429 || status >= 500) return retry(answer);
  if (status === 413) giveUp(entry, "size");
  else if (status === 200) acknowledged(entry, attempt(() => (JSON.parse(text) as { missing?: string[] }).missing));
  else settle(entry);
  failures = 0;
  drain();
});

function retry(answer: Response | undefined): void {
  persist(false);
  const asked = waitAsked(answer?.headers.get("retry-after"));
  notBefore = asked && Date.now() + asked;
  const backoff = Math.min(FIRST_RETRY_MS * 2 ** failures++, LAST_RETRY_MS) * (0.5 + Math.random() / 2);
  clearTimeout(waiting);
  waiting = setTimeout(due, Math.max(asked, backoff));
}

/** Retry-After in milliseconds: seconds, or a date. */
function waitAsked(header: string | null | undefined): number {
  const ms = header ? +header * 1_000 || Date.parse(header) - Date.now() : 0;
  return Math.min(Math.max(ms || 0, 0), LONGEST_WAIT_MS);
}
