// The page instance: one load, or one client-side route. Its events are numbered from 0.

import { append, intern, open, wait, type Batch } from "./batch";
import { isHidden, outermostOf, referrerOf, titleOf } from "./dom";
import { global } from "./global";
import { later } from "./idle";
import { newId } from "./ids";
import { toJson } from "./json";
import { loadParts, takeToken } from "./parts";
import { allowed, touch } from "./state";
import { tidy } from "./texts";
import { clean } from "./urls";
import type { Effects } from "./watch";

interface Page {
  _href: string;
  /** Its entry in `pages`. */
  _entry: Record<string, unknown>;
  _sequence: number;
  /** When it began, until its pageview is written: that waits for the title, which routers set after the address. */
  _viewed: number;
  _visibleMs: number;
  /** Since when it has been visible, on performance's clock; 0 while it is hidden. */
  _since: number;
  _deepest: number;
}

export let page: Page | undefined;

/** A page instance begins, with its pageview. */
export function begin(referrer = referrerOf(document)): void {
  const _href = location.href;
  page = {
    _href,
    _entry: { id: newId(), url: clean(_href), referrer: clean(referrer), language: navigator.language },
    _sequence: 0,
    _viewed: Date.now(),
    _visibleMs: 0,
    _since: 0,
    _deepest: 0,
  };
  showing(!isHidden(document));
  if (!allowed()) return;
  touch(); // At once: the next page may begin, in another process, before this one is idle.
  wait();
  loadParts();
}

/** It ends: navigation, a client-side route, or the tab is closed. */
export function end(): void {
  if (!page) return;
  global.leaving?.();
  showing(false);
  scrolled();
  const duration_ms = Math.round(page._visibleMs);
  const scroll_percent = Math.min(100, Math.round((100 * (page._deepest + innerHeight)) / outermostOf(document)!.scrollHeight));
  record("leave", () => ({ duration_ms, scroll_percent }));
  page = undefined;
}

/** Another address is another page instance. */
export function routed(): void {
  takeToken();
  if (!page || location.href === page._href) return;
  const from = page._href;
  end();
  begin(from);
}

export function showing(visible: boolean): void {
  if (!page) return;
  const now = performance.now();
  if (page._since) page._visibleMs += now - page._since;
  page._since = visible ? now : 0;
}

export function scrolled(): void {
  if (page) page._deepest = Math.max(page._deepest, scrollY);
}

/** Captures an event now; `facts` are written when there is time. Nothing is captured without consent. */
export function record(type: string, facts: (batch: Batch) => object, effects?: Effects): void {
  if (!page || !allowed()) return;
  settlePageview();
  write(type, Date.now(), facts, effects);
}

/** Facts that are objects of the page are written down at once. */
export function recordFacts(type: string, facts: object): void {
  const kept = JSON.parse(toJson(facts)) as object;
  record(type, () => kept);
}

/** Captures the pageview that has waited for its title, if there is one. */
export function settlePageview(): void {
  const time = allowed() && page?._viewed;
  if (!time) return;
  page!._viewed = 0;
  write("pageview", time);
}

function write(type: string, time: number, facts?: (batch: Batch) => object, effects?: Effects): void {
  const { _entry } = page!;
  const seq = page!._sequence++;
  const title = titleOf(document);
  later(() => {
    const batch = open(type === "leave"); // Leaving is no activity.
    _entry.title = tidy(title);
    _entry.viewport ??= [innerWidth, innerHeight]; // On phones and in frames, to read it may force layout.
    append(batch, { type, page: intern(batch._pages, toJson(_entry)), seq, time, ...facts?.(batch) }, effects);
  });
}
