// The open batch: what was captured since the last one was closed. Each table is the set of its distinct lines; an
// event that is a click stands with its effects, which are written down when the batch closes.

import { bytesOf } from "./bytes";
import { MAX_EVENT_BYTES, WIRE_VERSION } from "./contract";
import { endWatch, fieldsOf, WATCH_MS, type Effects } from "./effects";
import { toJson } from "./json";
import { enqueue } from "./queue";
import { KEY } from "./settings";
import { load, lose, takeLost, touch } from "./state";

const MAX_EVENTS = 50;
const MAX_BYTES = 45_000;
const ENVELOPE_BYTES = 500;
const WAIT_MS = 2_000;
/** A page that is clicked all the time sends nonetheless. */
const LONGEST_WAIT_MS = 10_000;

const TABLES = ["pages", "elements", "nodes", "events"] as const;
type Table = (typeof TABLES)[number];

export interface Batch extends Record<Table, Map<string, number | Effects>> {
  /** Device, session and user, as they stand in the body. */
  _owner: object;
  _bytes: number;
  /** When it was opened and when it is to be closed, on performance's clock. */
  _opened: number;
  _due: number;
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
  return (batch ??= opened(owner));
}

function opened(_owner: object): Batch {
  const _opened = performance.now();
  timer = setTimeout(flush, WAIT_MS);
  return {
    _owner,
    _bytes: ENVELOPE_BYTES,
    _opened,
    _due: _opened + WAIT_MS,
    pages: new Map(),
    elements: new Map(),
    nodes: new Map(),
    events: new Map(),
  };
}

/** The index of a line in one of the batch's tables. */
export function intern(into: Batch, table: Table, line: string): number {
  const lines = into[table];
  if (!lines.has(line)) {
    lines.set(line, lines.size);
    into._bytes += bytesOf(line) + 1;
  }
  return lines.get(line) as number;
}

/** A batch waits until its last click was watched. */
export function append(into: Batch, event: object, effects?: Effects): void {
  const json = toJson(event);
  if (bytesOf(json) > MAX_EVENT_BYTES) return lose("size");
  intern(into, "events", json);
  if (effects) {
    into.events.set(json, effects);
    into._due = Math.max(into._due, Math.min(effects._at + WATCH_MS, into._opened + LONGEST_WAIT_MS));
  }
  clearTimeout(timer);
  timer = setTimeout(flush, isFull(into) ? 0 : into._due - performance.now());
}

/** Moves the open batch to the queue. */
export function close(): void {
  const closed = batch;
  discard();
  if (closed?.events.size) enqueue((id, unsure) => bodyOf(closed, id, unsure));
}

export function discard(): void {
  clearTimeout(timer);
  batch = undefined;
  endWatch();
}

const isFull = (batch: Batch): boolean => batch.events.size >= MAX_EVENTS || batch._bytes > MAX_BYTES;

/** `sent_at` comes first and is filled in when the batch is sent; a retry differs in nothing else. */
function bodyOf(closed: Batch, id: string, unsure: string[] | undefined): string {
  const head = { sent_at: 0, v: WIRE_VERSION, key: KEY, batch: id, unsure, dropped: takeLost(), ...closed._owner };
  const tables = TABLES.map((name) => `,"${name}":[${[...closed[name]].map(withEffects)}]`);
  return `${toJson(head).slice(0, -1)}${tables.join("")}}`;
}

const withEffects = ([line, effects]: [string, number | Effects]): string =>
  typeof effects === "object" ? `${line.slice(0, -1)},${toJson(fieldsOf(effects)).slice(1)}` : line;
