// Closed batches that no collector has acknowledged yet. They live in memory; a copy goes to localStorage when sending
// failed or the page may end, and whichever page of the origin comes next sends it (see recovery.ts).
// A stored copy is claimed until some time, so that two tabs don't send the same one; if they do, events have an
// identity and the collector keeps them once.

import { attempt } from "./attempt";
import { newId } from "./ids";
import { load } from "./parts";
import { allowed, lose, type Cause, type Lost } from "./state";
import { keys, read, remove, write } from "./storage";
import { CLAIM_MS, PREFIX } from "./stored";

export interface Entry {
  /** PREFIX and the batch's id. */
  _key: string;
  _body: string;
  /** Being sent. */
  _busy?: boolean;
  /** Being sent by the browser even if the page ends, without anybody who hears the answer: it arrives nearly always. */
  _sent?: boolean;
}

const MAX_BATCHES = 100;
const MAX_CHARS = 500_000;

export let queue: Entry[] = [];

/** A batch that is closed, of which `bodyOf` writes the body for an id. */
export function enqueue(bodyOf: (id: string) => string): void {
  const id = Date.now() + newId();
  push({ _key: PREFIX + id, _body: bodyOf(id) });
}

/**
 * Lets go of the oldest of what passes the bounds and is not on its way. What others have stored counts, too: nobody
 * may ever come to send it.
 */
export function push(entry: Entry): void {
  queue.push(entry);
  const others = keys(PREFIX).filter((key) => queue.every(({ _key }) => _key !== key));
  const waiting = [...others.map((_key): Entry => ({ _key, _body: `${read(_key)}`.replace(/.*? /, "") })), ...queue];
  while (waiting[MAX_BATCHES] || waiting.map(({ _body }) => _body).join("")[MAX_CHARS])
    attempt(() => giveUp(waiting.splice(waiting.findIndex(({ _busy }) => !_busy), 1)[0]!, "queue")); // Strays are no batches.
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

/** Stores copies; with `released`, what was stored is left to whichever page comes next. */
export function persist(released: boolean): void {
  const until = released ? 0 : Date.now() + CLAIM_MS;
  queue = queue.filter(({ _key, _body, _sent }) => !(write(_key, `${until}${_sent ? "!" : ""} ${_body}`) && released));
}

/** Loads the part that takes over stored copies, where there are any. */
export function recover(): void {
  if (allowed() && keys(PREFIX)[0]) load("recovery");
}

export function clear(): void {
  queue = [];
  keys(PREFIX).forEach(remove);
}
