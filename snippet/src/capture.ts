// One DOM event, to one row: what happened, to which element, inside what.

import { contextOf } from "./context";
import { isElement, lineage, matches, parentOf } from "./dom";
import { effect, watchClick } from "./effects";
import { global } from "./global";
import { listen } from "./guard";
import { page, record, routed } from "./page";
import { EDITABLE, isIgnored, redactedOf } from "./privacy";
import { BUTTON } from "./texts";
import { wordsOf } from "./wording";

/** Events that were captured, shadow roots that are listened to. */
const known = new WeakSet<Event | Node>();

/**
 * When a pointer last clicked. A click by keyboard has no place, nor has the one that the browser makes on a label's
 * control at the same time: https://html.spec.whatwg.org/multipage/forms.html#the-label-element
 */
let placed: number | undefined;

export const captureFrom = (window: Window): void =>
  listen(window, "click change submit copy focus pointerdown input blur", capture);

function capture(event: Event): void {
  if (known.has(event)) return;
  known.add(event);
  const { type, detail, timeStamp, clientX, clientY } = event as Partial<MouseEvent> & Event;
  if (type === "input") effect("dom_ms");
  if (/foc|blu/.test(type)) effect("focus_ms");
  enter(event);
  routed(); // A router may hold history's own functions from before they were watched.
  const target = targetOf(event);
  if (!target || global.paused || /^[pib]/.test(type) || (type === "focus" && !isFirst(target))) return;
  const isPlaced = detail && placed !== (placed = timeStamp);
  captureElement(type, target, isPlaced ? { x: Math.round(clientX!), y: Math.round(clientY!) } : {}, type === "click" && event);
}

/** Captures an event of an element, unless nothing is to be captured there. */
export function captureElement(type: string, target: Element, facts: object, click?: Event | false): void {
  const path = lineage(target);
  if (isIgnored(path)) return;
  const redacted = redactedOf(path);
  const context = contextOf(target, redacted);
  const words = wordsOf(target, path, redacted);
  record(type, (batch) => ({ node: context(batch), ...facts, ...words() }), click ? watchClick(click) : undefined);
}

/** The first focus of a form control: who goes no further has left the form. */
function isFirst(target: Element): boolean {
  if (!page || page._focused.has(target) || !matches(target, `input,${EDITABLE}`) || matches(target, BUTTON)) return false;
  page._focused.add(target);
  return true;
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
