// The open batch: what was captured since the last one was closed. Everything is written down as JSON at once, so
// that it says what held at that moment, and the table of descriptions, nodes and pages is the set of distinct lines.

import { bytesOf } from "./bytes";
import { MAX_EVENT_BYTES, WIRE_VERSION } from "./contract";
import { newId } from "./ids";
import { enqueue } from "./queue";
import { KEY } from "./settings";
import { load, lose, takeLost, touch, type State } from "./state";

const MAX_EVENTS = 50;
const MAX_BYTES = 48_000;
const WAIT_MS = 2_000;

type Table = Map<string, number>;

export interface Batch {
  owner: Pick<State, "device" | "session" | "user">;
  pages: Table;
  elements: Table;
  nodes: Table;
  events: string[];
  bytes: number;
}

let batch: Batch | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let flush: () => void = () => {};

/** Says what to do when a batch has waited long enough. */
export function onDue(send: () => void): void {
  flush = send;
}

/** The batch to write into: a full one is closed first, and so is one of another device, session or user. */
export function open(passive?: boolean): Batch {
  const { device, session, user } = passive ? load() : touch();
  const owner = batch?.owner;
  if (owner && (isFull(batch!) || owner.device !== device || owner.session !== session || owner.user !== user)) close();
  timer ??= setTimeout(flush, WAIT_MS);
  return (batch ??= {
    owner: { device, session, user },
    pages: new Map(),
    elements: new Map(),
    nodes: new Map(),
    events: [],
    bytes: 500,
  });
}

/** The index of a line in one of the batch's tables. */
export function intern(into: Batch, table: Table, line: unknown): number {
  const json = JSON.stringify(line);
  let index = table.get(json);
  if (index === undefined) {
    table.set(json, (index = table.size));
    into.bytes += bytesOf(json) + 1;
  }
  return index;
}

export function append(into: Batch, event: object): void {
  const json = JSON.stringify(event);
  const bytes = bytesOf(json);
  if (bytes > MAX_EVENT_BYTES) return lose("size");
  into.events.push(json);
  into.bytes += bytes + 1;
  if (isFull(into)) {
    clearTimeout(timer);
    timer = setTimeout(flush);
  }
}

const isFull = (batch: Batch): boolean => batch.events.length >= MAX_EVENTS || batch.bytes > MAX_BYTES;

/** Moves the open batch to the queue. */
export function close(): void {
  clearTimeout(timer);
  timer = undefined;
  const closed = batch;
  batch = undefined;
  if (closed?.events.length) enqueue(bodyOf(closed));
}

export function discard(): void {
  batch = undefined;
}

/** `sent_at` comes first and is filled in when the batch is sent; a retry differs in nothing else. */
function bodyOf({ owner, pages, elements, nodes, events }: Batch): string {
  const head = { sent_at: 0, v: WIRE_VERSION, key: KEY, batch: newId(), ...owner, dropped: takeLost() };
  const list = (name: string, lines: Iterable<string>): string => `,"${name}":[${[...lines].join()}]`;
  return (
    JSON.stringify(head).slice(0, -1) +
    list("pages", pages.keys()) +
    list("elements", elements.keys()) +
    list("nodes", nodes.keys()) +
    list("events", events) +
    "}"
  );
}
