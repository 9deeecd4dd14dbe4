// What earlier pages left: batches that were not sent are handed to the core's queue; about those that the browser was
// given as a page ended, and of which nobody heard what became, the collector is asked, and only what it misses is sent
// again. A part that is loaded where there are such; until it is, they wait.

import { attempt } from "./attempt";
import { MAX_UNSURE } from "./contract";
import { core } from "./core";
import { newId } from "./ids";
import { keys, read, remove, write } from "./storage";
import { CLAIM_MS, PREFIX } from "./stored";

interface Copy {
  key: string;
  body: string;
}

/** The collector knows a repeat for 24 hours. Past this, what was sent is not sent again: it would count twice. */
const REPEAT_MS = 20 * 3_600_000;

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 300_000;
const TIMEOUT_MS = 30_000;

let unsure: Copy[] = [];
let failures = 0;

/** The batch's id, which begins with the time. */
const idOf = ({ key }: Copy): string => key.slice(PREFIX.length);

/** Takes over stored copies that no living page claims. */
function claim(): void {
  const now = Date.now();
  for (const key of keys(PREFIX)) {
    const [, until, sent, body] = /^(\d+)(!?) ({"sent_at":0.*)/s.exec(read(key) ?? "") ?? []; // Another page may have sent and removed it.
    const claimed = Number(until) > now && Number(until) <= now + CLAIM_MS; // Further ahead, the clock was put back since.
    if (!body || claimed) continue;
    const isOld = now - parseInt(key.slice(PREFIX.length, PREFIX.length + 13)) > REPEAT_MS;
    if (sent && (isOld || !attempt(() => JSON.parse(body) as object))) remove(key); // Others may write there, too.
    else take({ key, body }, !!sent, now);
  }
}

function take(copy: Copy, sent: boolean, now: number): void {
  write(copy.key, `${now + CLAIM_MS}${sent ? "!" : ""} ${copy.body}`);
  if (sent) unsure.push(copy);
  else core.restore(copy.key, copy.body);
}

/** Marks what is asked about; what was removed meanwhile is not there again. */
function mark(until: number): void {
  unsure = unsure.filter(({ key, body }) => read(key) && write(key, `${until}! ${body}`));
}

/** A batch without events, of whoever sent the first of them. */
const question = (asked: Copy[]): string =>
  JSON.stringify({
    ...(JSON.parse(asked[0]!.body) as object),
    ...{ sent_at: Date.now(), batch: Date.now() + newId(), unsure: asked.map(idOf) },
    ...{ pages: [], elements: [], nodes: [], events: [], dropped: undefined },
  });

async function ask(): Promise<void> {
  mark(Date.now() + CLAIM_MS);
  const asked = unsure.slice(0, MAX_UNSURE);
  if (!asked[0]) return;
  const signal = AbortSignal.timeout?.(TIMEOUT_MS);
  const request = { method: "POST", body: question(asked), credentials: "omit", signal } as const;
  const answer = await fetch(`${core.base}v1/capture`, request).catch(() => undefined);
  const text = await answer?.text().catch(() => undefined);
  if (text === undefined || /^(408|429|5)/.test(`${answer!.status}`)) return again(answer);
  failures = 0;
  learn(asked, attempt(() => (JSON.parse(text) as { missing?: string[] }).missing));
  await ask();
}

function again(answer: Response | undefined): void {
  const wanted = (Number(answer?.headers.get("retry-after")) || 0) * 1_000;
  const wait = Math.max(wanted, Math.min(FIRST_RETRY_MS * 2 ** failures++, LAST_RETRY_MS));
  setTimeout(() => void ask(), Math.min(wait, 24 * 3_600_000));
}

/** What the collector misses, or does not speak of, is sent again; the others it has. */
function learn(asked: Copy[], missing: string[] | undefined): void {
  mark(Date.now() + CLAIM_MS);
  const here = asked.filter((copy) => unsure.includes(copy));
  unsure = unsure.filter((copy) => !here.includes(copy));
  for (const copy of here) {
    if (missing?.includes(idOf(copy)) === false) remove(copy.key);
    else take(copy, false, Date.now());
  }
}

addEventListener("pagehide", () => {
  mark(0);
  unsure = [];
});
claim();
void ask();
