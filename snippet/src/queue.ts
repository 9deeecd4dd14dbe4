// Closed batches that no collector has acknowledged yet, oldest first. They live in memory; a copy goes to
// localStorage when sending failed or the page may end, and whichever page of the origin comes next sends it.
// A stored copy is claimed until some time, so that two tabs don't send the same one; if they do, events have an
// identity and the collector keeps them once.

import { newId } from "./ids";
import { lose, type Cause, type Lost } from "./state";
import { keys, read, remove, write } from "./storage";

export interface Entry {
  key: string;
  body: string;
  busy?: boolean;
}

const PREFIX = "backsight:";
const MAX_BATCHES = 100;
const MAX_CHARS = 500_000;
const CLAIM_MS = 60_000;

export let queue: Entry[] = [];

export function enqueue(body: string): void {
  queue.push({ key: PREFIX + Date.now() + newId(), body });
  shed(
    queue.filter((entry) => !entry.busy),
    (entry) => entry.body.length,
    (entry) => giveUp(entry, "queue"),
  );
}

/** Takes out a batch that is done with: acknowledged, or refused for good. */
export function settle(entry: Entry): void {
  queue = queue.filter((other) => other !== entry);
  remove(entry.key);
}

/** Takes out a batch that will not be sent, and counts what is lost by it. */
export function giveUp(entry: Entry, cause: Cause): void {
  settle(entry);
  countLoss(entry.body, cause);
}

/** Stores copies; with `released`, for whichever page comes next. */
export function persist(released: boolean): void {
  const until = released ? 0 : Date.now() + CLAIM_MS;
  for (const { key, body } of queue) write(key, `${until} ${body}`);
  shed(keys(PREFIX), (key) => read(key)!.length, (key) => {
    countLoss(bodyIn(key), "queue");
    remove(key);
  });
}

/** Takes over stored copies that no living page claims. */
export function claim(): void {
  const now = Date.now();
  const mine = new Set(queue.map((entry) => entry.key));
  for (const key of keys(PREFIX)) {
    if (mine.has(key) || parseInt(read(key)!) > now) continue;
    const body = bodyIn(key);
    write(key, `${now + CLAIM_MS} ${body}`);
    queue.push({ key, body });
  }
}

/** After the page was frozen: others may have sent what it had stored. */
export function reclaim(): void {
  const stored = new Set(keys(PREFIX));
  if (stored.size || write(PREFIX, "")) queue = queue.filter((entry) => stored.has(entry.key));
  remove(PREFIX);
  claim();
}

export function clear(): void {
  queue = [];
  keys(PREFIX).forEach(remove);
}

const bodyIn = (key: string): string => read(key)!.replace(/^\d+ /, "");

/** Lets go of the oldest of what passes the bounds. */
function shed<T>(items: T[], sizeOf: (item: T) => number, drop: (item: T) => void): void {
  let chars = 0;
  items.reverse().forEach((item, i) => {
    chars += sizeOf(item);
    if (i >= MAX_BATCHES || chars > MAX_CHARS) drop(item);
  });
}

function countLoss(body: string, cause: Cause): void {
  const { events, dropped = {} } = JSON.parse(body) as { events: unknown[]; dropped?: Lost };
  for (const [name, count] of Object.entries(dropped)) lose(name as Cause, count);
  lose(cause, events.length);
}
