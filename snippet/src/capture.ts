// One DOM event, to one row: what happened, to which element, inside what.

import { isElement, lineage, parentOf } from "./dom";
import { global } from "./global";
import { listen } from "./guard";
import { nodeOf } from "./context";
import { record, routed } from "./page";
import { isIgnored, redactedOf } from "./privacy";
import { wording } from "./wording";

/** Events that were captured, shadow roots that are listened to. */
const known = new WeakSet<Event | Node>();

export function captureFrom(window: Window): void {
  listen(window, "click change submit", capture);
  listen(window, "pointerdown focusin input", enter);
}

function capture(event: Event): void {
  if (known.has(event) || global.paused) return;
  known.add(event);
  enter(event);
  const target = targetOf(event);
  routed(); // A router may hold history's own functions from before they were watched.
  const { type, clientX, clientY } = event as Partial<MouseEvent> & Event; // Only clicks have a place.
  if (target) captureElement(type, target, { x: clientX && Math.round(clientX), y: clientY && Math.round(clientY) });
}

/** Writes an event of an element, unless nothing is to be captured there. */
export function captureElement(type: string, target: Element, facts: object): void {
  const path = lineage(target);
  if (isIgnored(path)) return;
  const redacted = redactedOf(path);
  record(type, (batch) => ({ node: nodeOf(batch, target, redacted), ...facts, ...wording(target, path, redacted) }));
}

/**
 * Change and submit events stay inside their shadow tree, so each tree is listened to from the first event on that
 * passes through it: https://dom.spec.whatwg.org/#dom-event-composed
 */
function enter(event: Event): void {
  for (const node of event.composedPath() as Node[]) {
    if (node.nodeType !== 11 || known.has(node)) continue;
    known.add(node);
    listen(node, "change submit", capture);
  }
}

/** The true target, through open shadow roots. */
function targetOf(event: Event): Element | null {
  const node = event.composedPath()[0] as Node;
  if (!node.nodeType) return null; // The window itself.
  return isElement(node) ? node : (parentOf(node) as Element | null);
}
