// Closed batches that no collector has acknowledged yet, oldest first. They live in memory; a copy goes to
// localStorage when sending failed or the page may end, and whichever page of the origin comes next sends it.
// A stored copy is claimed until some time, so that two tabs don't send the same one; if they do, events have an
// identity and the collector keeps them once.

import { MAX_UNSURE } from "./contract";
import { newId } from "./ids";
import { lose, type Cause, type Lost } from "./state";
import { keys, read, remove, write } from "./storage";

export interface Entry {
  /** PREFIX and the batch's id. */
  _key: string;
  _body: string;
  /** Being sent. */
  _busy?: boolean;
  /**
   * Given to the browser, which sends it even if the page ends: it arrives nearly always. If it is not under way here,
   * nobody hears of it, and the collector is asked with the next batch whether it has it.
   */
  _sent?: boolean;
  _stored?: boolean;
  /** What the collector is asked about with this batch. */
  _unsure?: Entry[];
}

const PREFIX = "backsight:";
const MAX_BATCHES = 100;
const MAX_CHARS = 500_000;
const CLAIM_MS = 60_000;
/** The collector knows a repeat for 24 hours. Past this, what was sent is not sent again: it would count twice. */
const REPEAT_MS = 20 * 3_600_000;

export let queue: Entry[] = [];
let left = false;

/** Whether only the collector can say if a batch has arrived. */
const isUnsure = ({ _busy, _sent }: Entry): boolean => !_busy && !!_sent;

const idOf = ({ _key }: Entry): string => _key.slice(PREFIX.length);

/** Adds a batch, of which `bodyOf` writes the body for an id, with the ids that the collector is to be asked about. */
export function enqueue(bodyOf: (id: string, unsure?: string[]) => string): void {
  const id = Date.now() + newId();
  const _unsure = queue.filter(isUnsure).slice(0, MAX_UNSURE);
  push({ _key: PREFIX + id, _body: bodyOf(id, _unsure[0] && _unsure.map(idOf)), _unsure });
}

/** A batch has arrived: those that the collector misses are sent again, the others it has. */
export function acknowledged(entry: Entry, missing: string[] | undefined): void {
  settle(entry);
  for (const asked of entry._unsure ?? [])
    if (!missing || missing.includes(idOf(asked))) asked._sent = false;
    else settle(asked);
}

/** Lets go of the oldest of what passes the bounds and is not on its way. */
function push(entry: Entry): void {
  queue.push(entry);
  while (queue.length > MAX_BATCHES || queue.reduce((sum, { _body }) => sum + _body.length, 0) > MAX_CHARS)
    giveUp(queue.find(({ _busy }) => !_busy)!, "queue");
}

/** Takes out a batch that is done with: acknowledged, or refused for good. */
export function settle(entry: Entry): void {
  queue = queue.filter((other) => other !== entry);
  remove(entry._key);
}

/** Takes out a batch that will not be sent, and counts what is lost by it. */
export function giveUp(entry: Entry, cause: Cause): void {
  settle(entry);
  const { events, dropped = {} } = JSON.parse(entry._body) as { events: unknown[]; dropped?: Lost };
  for (const [name, count] of Object.entries(dropped)) lose(name as Cause, count);
  lose(cause, events.length);
}

/**
 * Stores copies; with `released`, for whichever page comes next. Then they stay released until the page is shown
 * again: after pagehide there is still visibilitychange, and requests that fail.
 */
export function persist(released: boolean): void {
  left ||= released;
  const until = left ? 0 : Date.now() + CLAIM_MS;
  for (const entry of queue)
    entry._stored = write(entry._key, `${until}${entry._sent ? "!" : ""} ${entry._body}`);
}

/** Takes over stored copies that no living page claims. */
export function claim(): void {
  const now = Date.now();
  for (const key of keys(PREFIX)) {
    const [, until, sent, body] = /^(\d+)(!?) ({"sent_at":0.*)/s.exec(read(key) ?? "") ?? []; // Another page may have sent and removed it.
    const claimed = +until! > now && +until! <= now + CLAIM_MS; // Further ahead, the clock was put back since.
    if (!body || claimed || queue.some((entry) => entry._key === key)) continue;
    if (sent && now - parseInt(key.slice(PREFIX.length, PREFIX.length + 13)) > REPEAT_MS) {
      remove(key);
      continue;
    }
    write(key, `${now + CLAIM_MS}${sent} ${body}`);
    push({ _key: key, _body: body, _sent: !!sent });
  }
}

/** After the page was frozen: others may have sent what it had stored. */
export function reclaim(): void {
  left = false;
  queue = queue.filter((entry) => !entry._stored || read(entry._key));
  claim();
}

export function clear(): void {
  queue = [];
  keys(PREFIX).forEach(remove);
}
