// The page's life: what begins and ends a page instance, and when everything must go out.

import { attempt } from "./attempt";
import { closeBatch } from "./closing";
import { isHidden } from "./dom";
import { guarded, listen } from "./guard";
import { global } from "./global";
import { begin, end, routed, scrolled, showing } from "./page";
import { loadEffects } from "./parts";
import { persist, recover } from "./queue";
import { allowed, lose } from "./state";
import { drain, resume, sendAll } from "./transport";

/** Errors that are kept until the part that tells of them has arrived. */
const MAX_KEPT = 20;

export function watch(): void {
  global.errors = [];
  global.focused = new Set();
  for (const name of ["pushState", "replaceState"] as const) attempt(() => watchHistory(name)); // It may be frozen.
  // A page's own listener of popstate may run before ours, and change the title; this is told before it.
  attempt(() => listen(window.navigation, "currententrychange", routed));
  listen(window, "popstate hashchange", routed);
  listen(window, "scroll", scrolled);
  listen(window, "click keydown pointerover", loadEffects);
  listen(window, "error unhandledrejection", failed);
  listen(document, "visibilitychange", visibilityChanged);
  listen(window, "pagehide", () => {
    end();
    while (global.errors!.pop?.()) lose("error");
    leave(true);
  });
  listen(window, "pageshow", shown);
  listen(window, "online", resume);
}

/** Uncaught errors wait for the part that tells of them. A picture that did not load is its own event's target. */
function failed(event: Event): void {
  if (event.target !== window || !allowed()) return;
  loadEffects();
  if (global.errors!.length! >= MAX_KEPT) lose("error");
  else global.errors!.push(event);
}

/** Routers call these, and no event says so. */
function watchHistory(name: "pushState" | "replaceState"): void {
  const original = history[name];
  const after = guarded(routed);
  history[name] = function (this: History, ...given) {
    original.apply(this, given);
    after();
  };
}

function visibilityChanged(): void {
  showing(!isHidden(document));
  if (isHidden(document)) leave(false); // On a phone this may be the last event: https://developer.chrome.com/docs/web-platform/page-lifecycle-api
}

/** Sends all, and keeps copies of what is not acknowledged; `released` for the origin's next page. */
function leave(released: boolean): void {
  closeBatch();
  sendAll();
  persist(released);
}

/** Back from the back/forward cache: a page instance of its own. */
function shown(event: PageTransitionEvent): void {
  if (!event.persisted) return;
  recover();
  begin();
  drain();
}
