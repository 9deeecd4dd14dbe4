// One DOM event, to one row: what happened, to which element, inside what.

import { contextOf } from "./context";
import { isElement, lineage, matches, parentOf } from "./dom";
import { effect, watchClick, type Effects } from "./effects";
import { global } from "./global";
import { listen } from "./guard";
import { page, record, routed } from "./page";
import { EDITABLE, isIgnored, redactedOf } from "./privacy";
import { BUTTON } from "./texts";
import { wordsOf } from "./wording";

/** Events that were captured, shadow roots that are listened to. */
const known = new WeakSet<Event | Node>();

export function captureFrom(window: Window): void {
  listen(window, "click change submit copy focus", capture);
  listen(window, "pointerdown input focus blur", enter);
}

function capture(event: Event): void {
  if (known.has(event)) return;
  known.add(event);
  enter(event);
  routed(); // A router may hold history's own functions from before they were watched.
  const target = targetOf(event);
  const { type, clientX, clientY } = event as Partial<MouseEvent> & Event; // Only clicks have a place.
  if (!target || global.paused || (type === "focus" && !isFirst(target))) return;
  const x = clientX && Math.round(clientX);
  const y = clientY && Math.round(clientY);
  captureElement(type, target, { x, y }, type === "click" ? () => watchClick(event) : undefined);
}

/** Captures an event of an element, unless nothing is to be captured there. */
export function captureElement(type: string, target: Element, facts: object, watch?: () => Effects): void {
  const path = lineage(target);
  if (isIgnored(path)) return;
  const redacted = redactedOf(path);
  const context = contextOf(target, redacted);
  const words = wordsOf(target, path, redacted);
  record(type, (batch) => ({ node: context(batch), ...facts, ...words() }), watch?.());
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
  if (event.type === "input") effect("dom_ms");
  if (/focus|blur/.test(event.type)) effect("focus_ms");
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
