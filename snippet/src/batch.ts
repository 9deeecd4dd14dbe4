// The open batch: what was captured since the last one was closed. Each table is the list of its distinct lines; a
// click's line is written with its effects when the batch closes.

import { bytesOf } from "./bytes";
import { KEY } from "./settings";
import { MAX_EVENT_BYTES, WIRE_VERSION } from "./contract";
import { toJson } from "./json";
import { enqueue } from "./queue";
import { load, lose, takeLost, touch } from "./state";
import { WATCH_MS, type Effects } from "./watch";

const MAX_EVENTS = 50;
const MAX_BYTES = 45_000;
const ENVELOPE_BYTES = 500;
const WAIT_MS = 2_000;
/** A page that is clicked all the time sends nonetheless. */
const LONGEST_WAIT_MS = 10_000;

type Line = string | { toString(): string };

export interface Batch {
  /** Site, device, session and user, as JSON. */
  _owner: string;
  _opened: number;
  /** Until when its last click is watched. */
  _watched: number;
  _pages: Line[];
  _elements: Line[];
  _nodes: Line[];
  _events: Line[];
}

let batch: Batch | undefined;
let bytes: number;
let timer: ReturnType<typeof setTimeout> | undefined;
let flush: () => void;

/** Says what to do when a batch is full or has waited long enough. */
export function onDue(send: () => void): void {
  flush = send;
}

export function wait(ms = WAIT_MS): void {
  clearTimeout(timer);
  timer = setTimeout(flush, ms);
}

/** The batch to write into; one of another device, session or user is closed first. */
export function open(passive: boolean): Batch {
  const { device, session, user } = passive ? load() : touch();
  const _owner = toJson({ v: WIRE_VERSION, key: KEY, device, session, user });
  if (batch && batch._owner !== _owner) close();
  if (!batch) bytes = ENVELOPE_BYTES;
  return (batch ??= { _owner, _opened: performance.now(), _watched: 0, _pages: [], _elements: [], _nodes: [], _events: [] });
}

/** The index of a line in one of the batch's tables. */
export function intern(table: Line[], line: string): number {
  const index = table.indexOf(line);
  if (index >= 0) return index;
  bytes += bytesOf(line) + 1;
  return table.push(line) - 1;
}

/** A batch waits until its last click was watched. */
export function append(into: Batch, event: object, effects?: Effects): void {
  const json = toJson(event);
  if (bytesOf(json) > MAX_EVENT_BYTES) return lose("size");
  const index = intern(into._events, json);
  const now = performance.now();
  if (effects) {
    into._events[index] = { toString: () => json.replace(/}$/, toJson(effects()).replace("{", ",")) };
    into._watched = now + WATCH_MS;
  }
  const isFull = index >= MAX_EVENTS - 1 || bytes > MAX_BYTES;
  if (isFull) close();
  wait(isFull ? 0 : Math.max(WAIT_MS, Math.min(into._watched - into._opened, LONGEST_WAIT_MS)) + into._opened - now);
}

/** Moves the open batch to the queue. */
export function close(): void {
  const closed = batch;
  discard();
  if (closed?._events[0]) enqueue((id) => bodyOf(closed, id));
}

export function discard(): void {
  clearTimeout(timer);
  batch = undefined;
}

/** `sent_at` comes first and is filled in when the batch is sent; a retry differs in nothing else. */
const bodyOf = ({ _owner, _pages, _elements, _nodes, _events }: Batch, batch: string): string =>
  `{"sent_at":0,"pages":[${_pages}],"elements":[${_elements}],"nodes":[${_nodes}],"events":[${_events}],` +
  `${_owner.slice(1, -1)},${toJson({ batch, dropped: takeLost() }).slice(1)}`;
