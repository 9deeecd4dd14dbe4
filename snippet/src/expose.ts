// Which marked elements came into view: each once a page instance, when half of it, or of the viewport, was visible.

import { attempt } from "./attempt";
import { core, onLeaving } from "./core";
import { isElement, matches, shadowOf } from "./dom";

const MARKED = "[data-backsight-expose]";
const ENOUGH = 0.5;

/** Where browsers look again. Of an element larger than the viewport, half a viewport is a small share. */
const SHARES = Array.from({ length: 40 }, (_, step) => ENOUGH * 0.8 ** step);

/** Trees that are observed. */
const watched = new WeakSet<Node>();

/** What came into view during this page instance. */
let exposed = new WeakSet<Element>();

const views = new IntersectionObserver((entries) => entries.forEach(expose), { threshold: SHARES });
const changes = new MutationObserver((records) => {
  for (const { type, target, addedNodes } of records) type === "attributes" ? visit(target) : addedNodes.forEach(look);
});

function expose({ target, isIntersecting, intersectionRatio, intersectionRect, rootBounds }: IntersectionObserverEntry): void {
  const viewport = rootBounds ?? new DOMRect(0, 0, innerWidth, innerHeight); // Frames may not know the page's.
  const isEnough = intersectionRatio >= ENOUGH || area(intersectionRect) >= ENOUGH * area(viewport);
  if (!isIntersecting || !isEnough || exposed.has(target) || !matches(target, MARKED)) return;
  views.unobserve(target);
  exposed.add(target);
  core.record("expose", target, {});
}

const area = ({ width, height }: DOMRectReadOnly): number => width * height;

/** Finds what is marked, and open shadow trees, in an element or a tree. */
function look(root: Node): void {
  const walker = Document.prototype.createTreeWalker.call(document, root, NodeFilter.SHOW_ELEMENT);
  for (let node: Node | null = root; node; node = walker.nextNode()) visit(node);
}

function visit(node: Node): void {
  if (!isElement(node)) return;
  if (matches(node, MARKED) && !exposed.has(node)) views.observe(node);
  const shadow = shadowOf(node);
  if (shadow) watch(shadow);
}

function watch(root: Node): void {
  if (!watched.has(root)) {
    watched.add(root);
    changes.observe(root, { childList: true, subtree: true, attributeFilter: [MARKED.slice(1, -1)] });
  }
  look(root);
}

/** No event says that a tree was attached. */
function watchAttaching(): void {
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (this: Element, ...given) {
    const root = attach.apply(this, given);
    if (root.mode === "open") attempt(() => watch(root));
    return root;
  };
}

const lookAround = (): void => watch(document);

/** Another page instance has exposures of its own. */
function forget(): void {
  exposed = new WeakSet();
  views.disconnect();
}

lookAround();
attempt(watchAttaching); // The prototype may be frozen.
addEventListener("DOMContentLoaded", lookAround); // Trees that the parser attaches are filled after their host was seen.
onLeaving(() => {
  forget();
  setTimeout(lookAround); // In the next page instance, if there is one.
});
addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  forget();
  lookAround();
});
