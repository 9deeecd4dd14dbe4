// One DOM event, to one row: what happened, to which element, inside what.

import { lineage, matches, isElement, parentOf } from "./dom";
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
  for (const type of ["pointerdown", "keydown", "focusin", "input"]) listen(window, type, enter);
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
  record(event.type, (batch) => ({
    node: nodeOf(batch, target, redacted),
    ...place(event),
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

function place(event: Event): object {
  const { clientX, clientY } = event as MouseEvent;
  return event.type === "click" && clientX >= -1e6 ? { x: Math.round(clientX), y: Math.round(clientY) } : {};
}

function wording(target: Element, path: Element[], redacted: Set<Element>): object {
  const meant = path.find((element) => matches(element, INTERACTIVE)) ?? target;
  const link = path.find((element) => matches(element, "a[href],area[href]"));
  return {
    ...(!redacted.has(meant) && { text: textOf(meant), label: labelOf(meant) }),
    ...(meant !== target && !redacted.has(target) && { target_text: textOf(target), target_label: labelOf(target) }),
    ...(link && !redacted.has(link) && { href: destination(link as HTMLAnchorElement) }),
  };
}

/** SVG's links have no text for an address, only the attribute. */
function destination(link: HTMLAnchorElement): string | undefined {
  try {
    const url = typeof link.href === "string" ? link.href : new URL(link.getAttribute("href")!, link.baseURI).href;
    return mask(clean(url));
  } catch {
    return undefined; // Not a URL.
  }
}
