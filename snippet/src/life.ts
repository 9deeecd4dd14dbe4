// The page's life: what begins and ends a page instance, and when everything must go out.

import { attempt } from "./attempt";
import { closeBatch } from "./closing";
import { isHidden } from "./dom";
import { guarded, listen } from "./guard";
import { effect } from "./effects";
import { failed } from "./failures";
import { begin, end, routed, scrolled, showing } from "./page";
import { claim, persist } from "./queue";
import { drain, resume, sendAll } from "./transport";

export function watch(): void {
  for (const name of ["pushState", "replaceState"] as const) attempt(() => watchHistory(name)); // It may be frozen.
  attempt(() => listen(window.navigation, "navigate currententrychange", navigating));
  listen(window, "popstate hashchange", routed);
  listen(window, "scroll", () => {
    effect("scroll_ms");
    scrolled();
  });
  listen(window, "error unhandledrejection", failed);
  listen(document, "visibilitychange", visibilityChanged);
  listen(window, "pagehide", () => {
    end();
    leave(true);
  });
  listen(window, "pageshow", shown);
  listen(window, "online", resume);
}

/**
 * A page's own listener of popstate may run before ours, and change the title; this is told before it. And it tells of
 * documents that are on their way: https://html.spec.whatwg.org/multipage/nav-history-apis.html#navigation-interface
 */
const navigating = ({ destination }: Partial<NavigateEvent> & Event): unknown =>
  destination ? destination.sameDocument || effect("navigation_ms") : routed();

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
  effect("navigation_ms");
  closeBatch();
  sendAll();
  persist(released);
}

/** Back from the back/forward cache: a page instance of its own. */
function shown(event: PageTransitionEvent): void {
  if (!event.persisted) return;
  claim();
  begin();
  drain();
}
