// One DOM event, to one row: what happened, to which element, inside what.

import { contextOf } from "./context";
import { isElement, lineage, parentOf } from "./dom";
import { global } from "./global";
import { listen } from "./guard";
import { record, routed } from "./page";
import { loadEffects } from "./parts";
import { isIgnored, redactedOf } from "./privacy";
import { wordsOf } from "./wording";

/** Events that were captured, shadow roots that are listened to. */
const known = new WeakSet<Event | Node>();

/**
 * When a pointer last clicked. A click by keyboard has no place, nor has the one that the browser makes on a label's
 * control at the same time: https://html.spec.whatwg.org/multipage/forms.html#the-label-element
 */
let placed: number | undefined;

export const captureFrom = (window: Window): void =>
  listen(window, "click change submit copy focus input", capture);

function capture(event: Event): void {
  if (known.has(event)) return;
  known.add(event);
  const { type, detail, timeStamp, clientX, clientY } = event as Partial<MouseEvent> & Event;
  enter(event);
  routed(); // A router may hold history's own functions from before they were watched.
  const target = targetOf(event);
  if (!target || global.paused || type === "input") return;
  if (type === "focus") loadEffects() && global.focused!.add(target);
  else {
    const isPlaced = detail && placed !== (placed = timeStamp);
    captureElement(type, target, isPlaced ? { x: Math.round(clientX!), y: Math.round(clientY!) } : {}, type === "click" && event);
  }
}

/** Captures an event of an element, unless nothing is to be captured there. */
export function captureElement(type: string, target: Element, facts: object, click?: Event | false): void {
  const path = lineage(target);
  if (isIgnored(path)) return;
  const redacted = redactedOf(path);
  const context = contextOf(target, redacted);
  const words = wordsOf(target, path, redacted);
  record(type, (batch) => ({ node: context(batch), ...facts, ...words() }), click ? global.watch?.(click) : undefined);
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
