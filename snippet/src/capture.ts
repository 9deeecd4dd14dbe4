// One DOM event, to one row: what happened, to which element, inside what.

import { attempt } from "./attempt";
import { attribute, isElement, lineage, matches, parentOf } from "./dom";
import { listen } from "./guard";
import { mask } from "./masks";
import { nodeOf } from "./nodes";
import { record, routed } from "./page";
import { isIgnored, redactedOf } from "./privacy";
import { INTERACTIVE, labelOf, textOf } from "./texts";
import { clean } from "./urls";

const roots = new WeakSet<Node>();
const captured = new WeakSet<Event>();

export function captureFrom(window: Window): void {
  for (const type of ["click", "change", "submit"]) listen(window, type, capture);
  for (const type of ["pointerdown", "focusin", "input"]) listen(window, type, enter);
}

function capture(event: Event): void {
  if (captured.has(event)) return;
  captured.add(event);
  enter(event);
  const target = targetOf(event);
  const path = target ? lineage(target) : [];
  if (!target || isIgnored(path)) return;
  routed(); // A router may hold history's own functions from before they were watched.
  const redacted = redactedOf(path);
  const { type, clientX, clientY } = event as Partial<MouseEvent> & Event; // Only clicks have a place.
  record(type, (batch) => ({
    node: nodeOf(batch, target, redacted),
    x: clientX && Math.round(clientX),
    y: clientY && Math.round(clientY),
    ...wording(target, path, redacted),
  }));
}

/**
 * Change and submit events stay inside their shadow tree, so each tree is listened to from the first event on that
 * passes through it: https://dom.spec.whatwg.org/#dom-event-composed
 */
function enter(event: Event): void {
  for (const node of event.composedPath() as Node[]) {
    if (node.nodeType !== 11 || roots.has(node)) continue;
    roots.add(node);
    for (const type of ["change", "submit"]) listen(node, type, capture);
  }
}

/** The true target, through open shadow roots. */
function targetOf(event: Event): Element | null {
  const node = event.composedPath()[0] as Node;
  if (!node.nodeType) return null; // The window itself.
  return isElement(node) ? node : (parentOf(node) as Element | null);
}

function wording(target: Element, path: Element[], redacted: Set<Element>): object {
  const meant = path.find((element) => matches(element, INTERACTIVE)) ?? target;
  const link = path.find((element) => matches(element, "a[href],area[href]"));
  return {
    ...(!redacted.has(meant) && { text: textOf(meant), label: labelOf(meant) }),
    ...(meant !== target && !redacted.has(target) && { target_text: textOf(target), target_label: labelOf(target) }),
    ...(link && !redacted.has(link) && { href: destination(link) }),
  };
}

/** From the attribute, not from `link.href`, which is an object on SVG's links; undefined if it is no URL. */
const destination = (link: Element): string | undefined =>
  attempt(() => mask(clean(new URL(attribute(link, "href"), link.baseURI).href)));
