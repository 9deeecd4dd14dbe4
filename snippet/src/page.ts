// The page instance: one load, or one client-side route. Its events are numbered from 0.

import { append, intern, open, type Batch } from "./batch";
import { isHidden, outermostOf, referrerOf, titleOf } from "./dom";
import { global } from "./global";
import { newId } from "./ids";
import { toJson } from "./json";
import { loadParts, takeToken } from "./parts";
import { allowed } from "./state";
import { tidy } from "./texts";
import { clean } from "./urls";

interface Page {
  _href: string;
  /** Its entry in `pages`. */
  _entry: { title: string; [field: string]: unknown };
  _sequence: number;
  /** When it began, until its pageview is written: that waits for the title, which routers set after the address. */
  _viewed: number;
  _visibleMs: number;
  /** Since when it has been visible, on performance's clock. */
  _since?: number | undefined;
  _deepest: number;
}

let page: Page | undefined;

/** A page instance begins, with its pageview. */
export function begin(referrer = referrerOf(document)): void {
  const _href = location.href;
  page = {
    _href,
    _entry: {
      id: newId(),
      url: clean(_href),
      referrer: clean(referrer),
      title: "",
      viewport: [innerWidth, innerHeight],
      language: navigator.language,
    },
    _sequence: 1,
    _viewed: Date.now(),
    _visibleMs: 0,
    _deepest: scrollY,
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
  const scroll_percent = height && Math.min(100, Math.round((100 * (page._deepest + innerHeight)) / height));
  record("leave", () => ({ duration_ms, scroll_percent }), true);
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
  page._visibleMs += now - (page._since ?? now);
  page._since = visible ? now : undefined;
}

export function scrolled({ target }: Event): void {
  if (page && target === document) page._deepest = Math.max(page._deepest, scrollY);
}

/** Writes one event, with the facts that `facts` reads into the batch. Nothing is written without consent. */
export function record(type: string, facts: (batch: Batch) => object, passive?: boolean): void {
  if (!page || !allowed()) return;
  settlePageview();
  write(type, page._sequence++, Date.now(), facts, passive);
}

/** Writes the pageview that has waited for its title, if there is one. */
export function settlePageview(): void {
  const time = page?._viewed;
  if (!time || !allowed()) return;
  page!._viewed = 0;
  write("pageview", 0, time);
}

function write(type: string, seq: number, time: number, facts?: (batch: Batch) => object, passive?: boolean): void {
  const batch = open(passive);
  page!._entry.title = tidy(titleOf(document));
  append(batch, { type, page: intern(batch, "pages", toJson(page!._entry)), seq, time, ...facts?.(batch) });
}
