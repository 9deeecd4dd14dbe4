// The open batch: what was captured since the last one was closed. Everything is written down as JSON at once, so
// that it says what held at that moment; each table is the set of its distinct lines.

import { bytesOf } from "./bytes";
import { MAX_EVENT_BYTES, WIRE_VERSION } from "./contract";
import { newId } from "./ids";
import { toJson } from "./json";
import { enqueue } from "./queue";
import { KEY } from "./settings";
import { load, lose, takeLost, touch } from "./state";

const MAX_EVENTS = 50;
const MAX_BYTES = 48_000;
const ENVELOPE_BYTES = 500;
const WAIT_MS = 2_000;

const TABLES = ["pages", "elements", "nodes", "events"] as const;
type Table = (typeof TABLES)[number];

export interface Batch extends Record<Table, Map<string, number>> {
  /** Device, session and user, as they stand in the body. */
  _owner: object;
  _bytes: number;
}

let batch: Batch | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let flush: () => void;

/** Says what to do when a batch is full or has waited long enough. */
export function onDue(send: () => void): void {
  flush = send;
}

/** The batch to write into: a full one is closed first, and so is one of another device, session or user. */
export function open(passive?: boolean): Batch {
  const { device, session, user } = passive ? load() : touch();
  const owner = { device, session, user };
  if (batch && (isFull(batch) || toJson(batch._owner) !== toJson(owner))) close();
  timer ??= setTimeout(flush, WAIT_MS);
  return (batch ??= {
    _owner: owner,
    _bytes: ENVELOPE_BYTES,
    pages: new Map(),
    elements: new Map(),
    nodes: new Map(),
    events: new Map(),
  });
}

/** The index of a line in one of the batch's tables. */
export function intern(into: Batch, table: Table, line: string): number {
  const lines = into[table];
  if (!lines.has(line)) {
    lines.set(line, lines.size);
    into._bytes += bytesOf(line) + 1;
  }
  return lines.get(line)!;
}

export function append(into: Batch, event: object): void {
  const json = toJson(event);
  if (bytesOf(json) > MAX_EVENT_BYTES) return lose("size");
  intern(into, "events", json);
  if (isFull(into)) {
    clearTimeout(timer);
    timer = setTimeout(flush);
  }
}

/** Moves the open batch to the queue. */
export function close(): void {
  const closed = batch;
  discard();
  if (closed?.events.size) enqueue(bodyOf(closed));
}

export function discard(): void {
  clearTimeout(timer);
  timer = batch = undefined;
}

const isFull = (batch: Batch): boolean => batch.events.size >= MAX_EVENTS || batch._bytes > MAX_BYTES;

/** `sent_at` comes first and is filled in when the batch is sent; a retry differs in nothing else. */
function bodyOf(closed: Batch): string {
  const head = { sent_at: 0, v: WIRE_VERSION, key: KEY, batch: newId(), dropped: takeLost(), ...closed._owner };
  const tables = TABLES.map((name) => `,"${name}":[${[...closed[name].keys()]}]`);
  return `${toJson(head).slice(0, -1)}${tables.join("")}}`;
}
