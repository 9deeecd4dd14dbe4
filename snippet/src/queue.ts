// Closed batches that no collector has acknowledged yet, oldest first. They live in memory; a copy goes to
// localStorage when sending failed or the page may end, and whichever page of the origin comes next sends it.
// A stored copy is claimed until some time, so that two tabs don't send the same one; if they do, events have an
// identity and the collector keeps them once.

import { MAX_UNSURE } from "./contract";
import { newId } from "./ids";
import { allowed, lose, type Cause, type Lost } from "./state";
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

const idOf = ({ _key }: Entry): string => _key.slice(PREFIX.length);

/** A batch, of which `bodyOf` writes the body for an id, with the ids that the collector is to be asked about. */
export function entryOf(bodyOf: (id: string, unsure: string[]) => string): Entry {
  const id = Date.now() + newId();
  const _unsure = queue.filter(({ _busy, _sent }) => !_busy && _sent).slice(0, MAX_UNSURE);
  return { _key: PREFIX + id, _body: bodyOf(id, _unsure.map(idOf)), _unsure };
}

/** A batch is done with. Those that the collector misses, or does not speak of, are sent again; the others it has. */
export function acknowledged(entry: Entry, missing: string[] | undefined): void {
  settle(entry);
  for (const asked of entry._unsure ?? []) {
    asked._sent = false;
    if (missing?.includes(idOf(asked)) === false) settle(asked);
  }
}

/** Lets go of the oldest of what passes the bounds and is not on its way. */
export function push(entry: Entry): void {
  queue.push(entry);
  while (queue.length > MAX_BATCHES || queue.map(({ _body }) => _body).join("").length > MAX_CHARS)
    giveUp(queue.find(({ _busy }) => !_busy)!, "queue");
}

/** Takes out a batch that is done with: acknowledged, or refused for good. */
function settle(entry: Entry): void {
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

/** Takes over stored copies that no living page claims. */
export function claim(): void {
  const now = Date.now();
  for (const _key of allowed() ? keys(PREFIX) : []) {
    const [, until, _sent, _body] = /^(\d+)(!?) ({"sent_at":0.*)/s.exec(read(_key) ?? "") ?? []; // Another page may have sent and removed it.
    const claimed = +until! > now && +until! <= now + CLAIM_MS; // Further ahead, the clock was put back since.
    if (!_body || claimed || queue.some((entry) => entry._key === _key)) continue;
    if (_sent && now - parseInt(_key.slice(PREFIX.length, PREFIX.length + 13)) > REPEAT_MS) remove(_key);
    else push({ _key, _body, _sent: !!_sent });
  }
  persist(false);
}

export function clear(): void {
  queue = [];
  keys(PREFIX).forEach(remove);
}
