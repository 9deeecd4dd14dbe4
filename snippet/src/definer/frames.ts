// What is drawn over the page: frames around elements, badges of names. It follows the page as it scrolls and moves,
// and never takes a place in it.

import { isElement, nameOf } from "../dom";
import { h, type Act } from "./markup";

interface Drawn {
  element: Element;
  box: HTMLElement;
  /** Where it was drawn last. */
  at: string;
}

export const layer = h("div", { class: "layer", "aria-hidden": "true" });
export const badgeLayer = h("div", { class: "layer" });

/** So near to the window's edge there is no room for the words of a frame. */
const LOW = 30;

/** More than these are counted, but not drawn. */
const MOST = 150;

type Kind = "hover" | "held" | "match" | "badge" | "cover";
const drawn: Record<Kind, Drawn[]> = { hover: [], held: [], match: [], badge: [], cover: [] };
let frame = 0;

/** Draws frames of a kind around these elements, instead of those before. */
export function outline(kind: "hover" | "held" | "match", elements: Element[], words = ""): void {
  show(kind, elements.slice(0, MOST).map((element) => ({
    element,
    box: h("div", { class: `frame ${kind}` }, words && h("span", { class: "tag" }, words)),
  })));
}

export interface Badge {
  element: Element;
  words: string;
  count: string | undefined;
  title: string;
  open: Act;
}

export function drawBadges(badges: Badge[]): void {
  show("badge", badges.slice(0, MOST).map(({ element, words, count, title, open }) => ({
    element,
    box: h("button", { class: "badge", title, tabindex: -1, on: open }, h("span", {}, words), count),
  })));
}

/** A frame would take the click for itself: it is covered, as long as it is pointed at. */
export function cover(element: Element | null, clicked: Act): void {
  if (drawn.cover[0]?.element !== (element ?? undefined)) {
    show("cover", element ? [{ element, box: h("div", { class: "cover", on: clicked }) }] : []);
  }
}

export const isFrame = (element: Element): boolean => /^(iframe|object|embed|frame|fencedframe)$/.test(nameOf(element));

function show(kind: Kind, given: { element: Element; box: HTMLElement }[]): void {
  for (const { box } of drawn[kind]) box.remove();
  drawn[kind] = given.map((each) => ({ ...each, at: "" }));
  (kind === "badge" ? badgeLayer : layer).append(...given.map(({ box }) => box));
  if (given.length) follow();
}

/** All of it is placed anew at every frame, since no event says that an element has moved. */
function follow(): void {
  cancelAnimationFrame(frame);
  const all = Object.entries(drawn) as [Kind, Drawn[]][];
  const places = all.flatMap(([kind, list]) => list.map((each) => ({ each, kind, rect: rectOf(each.element) }))); // All reading first.
  const taken: DOMRect[] = [];
  for (const { each, kind, rect } of places) {
    if (kind === "badge") placeBadge(each, rect, taken);
    else placeFrame(each, rect);
    if (kind === "held") taken.push(each.box.firstElementChild!.getBoundingClientRect()); // No badge over its words.
  }
  if (places.length) frame = requestAnimationFrame(follow);
}

/** What is drawn of an element; one with `display: contents` has only what is inside. */
function rectOf(element: Element): DOMRect {
  const rect = element.getBoundingClientRect();
  if (rect.width || rect.height) return rect;
  const range = document.createRange();
  range.selectNodeContents(element);
  return range.getBoundingClientRect();
}

/** Inside the window, so that a frame around something larger can be seen. */
function placeFrame(drawn: Drawn, rect: DOMRect): void {
  const left = Math.max(rect.left, 2);
  const top = Math.max(rect.top, 2);
  const width = Math.min(rect.right, innerWidth - 2) - left;
  const height = Math.min(rect.bottom, innerHeight - 2) - top;
  const visible = isElement(drawn.element) && drawn.element.isConnected && width > 0 && height > 0;
  move(drawn, visible, left, top, width, height);
  drawn.box.classList.toggle("vast", width * height > (innerWidth * innerHeight) / 2); // Seen by its edge: a wash would tint the page.
  drawn.box.classList.toggle("low", top < LOW);
  drawn.box.classList.toggle("tall", top < LOW && rect.bottom > innerHeight - LOW);
  drawn.box.classList.toggle("far", left > innerWidth - 280);
}

/** At the corner, and no more on top of the element than that: it can still be pointed at. Several stand one above the other. */
function placeBadge(drawn: Drawn, rect: DOMRect, taken: DOMRect[]): void {
  const width = drawn.box.offsetWidth;
  const left = Math.max(2, Math.min(rect.right - 10, innerWidth - width - 4));
  let top = Math.max(2, rect.top - 14);
  const step = top > 60 ? -20 : 20;
  while (taken.some((other) => Math.abs(other.top - top) < 19 && left < other.right && left + width > other.left)) top += step;
  taken.push(new DOMRect(left, top, width, 18));
  const isSeen = rect.top < innerHeight && (rect.top > -10 || rect.bottom > innerHeight / 2);
  const visible = drawn.element.isConnected && rect.width > 0 && isSeen;
  move(drawn, visible, left, top);
}

function move(drawn: Drawn, visible: boolean, left: number, top: number, width?: number, height?: number): void {
  const at = visible ? [left, top, width, height].join() : "gone";
  if (at === drawn.at) return;
  drawn.at = at;
  const { style } = drawn.box; // Through its own object: a policy forbids only styles written in markup.
  style.visibility = visible ? "visible" : "hidden";
  if (!visible) return;
  style.transform = `translate(${left}px,${top}px)`;
  if (width !== undefined) style.width = `${width}px`;
  if (height !== undefined) style.height = `${height}px`;
}

export function stopDrawing(): void {
  cancelAnimationFrame(frame);
}
