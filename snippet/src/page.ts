// The page instance: one load, or one client-side route. Its events are numbered from 0.

import { append, intern, open, type Batch } from "./batch";
import { isHidden, outermostOf, referrerOf, titleOf } from "./dom";
import { effect, type Effects } from "./effects";
import { global } from "./global";
import { later } from "./idle";
import { newId } from "./ids";
import { toJson } from "./json";
import { loadParts, takeToken } from "./parts";
import { allowed } from "./state";
import { tidy } from "./texts";
import { clean } from "./urls";

interface Page {
  _href: string;
  /** Its entry in `pages`. */
  _entry: Record<string, unknown>;
  _sequence: number;
  /** When it began, until its pageview is written: that waits for the title, which routers set after the address. */
  _viewed: number;
  _visibleMs: number;
  /** Since when it has been visible, on performance's clock. */
  _since?: number | undefined;
  _deepest: number;
  /** Form controls that had the focus. */
  _focused: WeakSet<Element>;
  _errors: number;
}

export let page: Page | undefined;

/** A page instance begins, with its pageview. */
export function begin(referrer = referrerOf(document)): void {
  const _href = location.href;
  page = {
    _href,
    _entry: {
      id: newId(),
      url: clean(_href),
      referrer: clean(referrer),
      language: navigator.language,
    },
    _sequence: 1,
    _viewed: Date.now(),
    _visibleMs: 0,
    _deepest: 0,
    _focused: new WeakSet(),
    _errors: 0,
  };
  showing(!isHidden(document));
  if (!allowed()) return;
  open();
  loadParts();
}

/** It ends: navigation, a client-side route, or the tab is closed. Leaving is no activity. */
export function end(): void {
  if (!page || !allowed()) return;
  global.leaving?.();
  showing(false);
  const height = outermostOf(document)?.scrollHeight;
  const duration_ms = Math.round(page._visibleMs);
  const scroll_percent = height && Math.min(100, Math.round((100 * (Math.max(page._deepest, scrollY) + innerHeight)) / height));
  record("leave", () => ({ duration_ms, scroll_percent }), undefined, true);
  page = undefined;
}

/** Another address is another page instance. */
export function routed(): void {
  takeToken();
  if (!page || location.href === page._href) return;
  effect("navigation_ms");
  const from = page._href;
  end();
  begin(from);
}

export function showing(visible: boolean): void {
  if (!page) return;
  const now = performance.now();
  page._visibleMs += now - (page._since ?? now);
  page._since = visible ? now : undefined;
}

export function scrolled({ target }: Event): void {
  effect("scroll_ms");
  if (page && target === document) page._deepest = Math.max(page._deepest, scrollY);
}

/** Captures an event now; `facts` are written when there is time. Nothing is captured without consent. */
export function record(type: string, facts: (batch: Batch) => object, effects?: Effects, passive?: boolean): void {
  if (!page || !allowed()) return;
  settlePageview();
  write(page, type, page._sequence++, Date.now(), facts, effects, passive);
}

/** Facts that are objects of the page are written down at once. */
export function recordFacts(type: string, facts: object): void {
  const kept = JSON.parse(toJson(facts)) as object;
  record(type, () => kept);
}

/** Captures the pageview that has waited for its title, if there is one. */
export function settlePageview(): void {
  const time = page?._viewed;
  if (!time || !allowed()) return;
  page!._viewed = 0;
  write(page!, "pageview", 0, time);
}

function write(
  { _entry }: Page,
  type: string,
  seq: number,
  time: number,
  facts?: (batch: Batch) => object,
  effects?: Effects,
  passive?: boolean,
): void {
  const title = titleOf(document);
  later(() => {
    const batch = open(passive);
    _entry.viewport ??= [innerWidth, innerHeight]; // On phones and in frames, to read it may force layout.
    _entry.title = tidy(title);
    append(batch, { type, page: intern(batch, "pages", toJson(_entry)), seq, time, ...facts?.(batch) }, effects);
  });
}
