// What first followed a click, and after how many milliseconds: asked later, it tells dead clicks from others. A part
// that is loaded at the first sign of a person or of an error; uncaught errors are told by it, too.

import { core, onLeaving } from "./core";
import { isHidden } from "./dom";
import { tellErrors } from "./failures";
import { tellFocus } from "./focus";
import { WATCH_MS, type Effects } from "./watch";

type Kind = "dom_ms" | "navigation_ms" | "scroll_ms" | "focus_ms" | "error_ms";

/** The click that is watched: when it was, what followed, and when the next one came, whose effects are its own. */
let watched: { at: number; found: Partial<Record<Kind, number>>; ended?: number } | undefined;

const observer = new MutationObserver(changed);

/** The first change is all that is asked of the DOM, so nothing is observed any more. */
function changed(): void {
  observer.disconnect();
  effect("dom_ms");
}

/** What has changed but was not told yet belongs to the click before. */
function settle(): void {
  if (observer.takeRecords()[0]) changed();
}

/** Watches a click: its document, and the open shadow trees on its path. */
function watch(event: Event): Effects {
  settle();
  for (const node of event.composedPath() as Node[])
    if (node.nodeType > 8) observer.observe(node, { subtree: true, childList: true, attributes: true, characterData: true });
  const at = performance.now();
  if (watched) watched.ended = at;
  const click: typeof watched = (watched = { at, found: {} });
  return () => {
    settle();
    return { ...click.found, watched_ms: Math.min(WATCH_MS, Math.round((click.ended ?? performance.now()) - at)) };
  };
}

/** Some effect, now. */
function effect(kind: Kind): void {
  if (!watched) return;
  const after = Math.round(performance.now() - watched.at);
  if (after < WATCH_MS) watched.found[kind] ??= after;
}

function on(target: EventTarget, types: string, kind: Kind): void {
  for (const type of types.split(" ")) target.addEventListener(type, () => effect(kind), { capture: true, passive: true });
}

on(window, "input", "dom_ms");
on(window, "focus blur", "focus_ms");
on(window, "scroll", "scroll_ms");
onLeaving(() => effect("navigation_ms")); // Another route, or the page's end.
// On the window, that is before the core's, which listens on the document and sends.
addEventListener("visibilitychange", () => isHidden(document) && effect("navigation_ms"), true);
// Another document, or a download, is on its way: https://html.spec.whatwg.org/multipage/nav-history-apis.html#navigation-interface
window.navigation?.addEventListener("navigate", ({ destination }) => destination.sameDocument || effect("navigation_ms"));
tellErrors(() => effect("error_ms"));
tellFocus();
core.watch = watch;
