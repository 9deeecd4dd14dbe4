// The page instance: one load, or one client-side route. Its events are numbered from 0.

import { append, intern, open, type Batch } from "./batch";
import { titleOf } from "./dom";
import { newId } from "./ids";
import { toJson } from "./json";
import { allowed } from "./state";
import { tidy } from "./texts";
import { clean } from "./urls";

interface Page {
  id: string;
  href: string;
  referrer: string;
  viewport: [number, number];
  sequence: number;
  /** The pageview waits for its title: routers set it after the address. */
  viewed: number;
  visibleMs: number;
  /** Since when it has been visible, on performance's clock. */
  since?: number | undefined;
  deepest: number;
}

let page: Page | undefined;

/** A page instance begins, with its pageview. */
export function begin(referrer = document.referrer): void {
  page = {
    id: newId(),
    href: location.href,
    referrer,
    viewport: [innerWidth, innerHeight],
    sequence: 1,
    viewed: Date.now(),
    visibleMs: 0,
    since: document.hidden ? undefined : performance.now(),
    deepest: scrollY,
  };
  if (allowed()) open();
}

/** It ends: navigation, a client-side route, or the tab is closed. Leaving is no activity. */
export function end(): void {
  if (!page || !allowed()) return;
  showing(false);
  const height = document.documentElement.scrollHeight;
  record("leave", () => ({ duration_ms: Math.round(page!.visibleMs), scroll_percent: percent(page!.deepest + innerHeight, height) }), true);
  page = undefined;
}

/** Another address is another page instance. */
export function routed(): void {
  if (!page || location.href === page.href) return;
  const from = page.href;
  end();
  begin(from);
}

export function showing(visible: boolean): void {
  if (!page) return;
  if (page.since !== undefined) page.visibleMs += performance.now() - page.since;
  page.since = visible ? performance.now() : undefined;
}

export function scrolled(): void {
  if (page) page.deepest = Math.max(page.deepest, scrollY);
}

/** Writes one event, with the facts that `facts` reads into the batch. Nothing is written without consent. */
export function record(type: string, facts: (batch: Batch) => object, passive?: boolean): void {
  if (!page || !allowed()) return;
  settlePageview();
  const batch = open(passive);
  const seq = page.sequence++;
  const time = Date.now();
  append(batch, { type, page: state(batch), seq, time, ...facts(batch) });
}

/** Writes the pageview that has waited for its title, if there is one. */
export function settlePageview(): void {
  const time = page?.viewed;
  if (!time || !allowed()) return;
  page!.viewed = 0;
  const batch = open();
  append(batch, { type: "pageview", page: state(batch), seq: 0, time });
}

function state(batch: Batch): number {
  const { id, href, referrer, viewport } = page!;
  const entry = {
    id,
    url: clean(href),
    referrer: clean(referrer),
    title: tidy(titleOf(document)),
    viewport,
    language: navigator.language,
  };
  return intern(batch, "pages", toJson(entry));
}

const percent = (part: number, whole: number): number => Math.min(100, Math.round((100 * part) / whole));
