// What first followed a click, and after how many milliseconds: asked later, it tells dead clicks from others.

type Kind = "dom_ms" | "navigation_ms" | "scroll_ms" | "focus_ms" | "error_ms";

/** A click's fields, as of now. */
export type Effects = () => object;

/** For how long a click is watched. */
export const WATCH_MS = 2_500;

let watched: [at: number, found: Partial<Record<Kind, number>>][] = [];

const observer = new MutationObserver(changed);

/** The first change is all that is asked of the DOM, so nothing is observed any more. */
function changed(): void {
  observer.disconnect();
  effect("dom_ms");
}

/** What has changed but was not told yet belongs to the clicks before. */
export function settleWatch(): void {
  if (observer.takeRecords()[0]) changed();
}

/** Watches a click: its document, and the open shadow trees on its path. */
export function watchClick(event: Event): Effects {
  settleWatch();
  for (const node of event.composedPath() as Node[])
    if (node.nodeType > 8) observer.observe(node, { subtree: true, childList: true, attributes: true, characterData: true });
  const at = performance.now();
  const found = {};
  watched = [...watched.filter(([before]) => at - before < WATCH_MS), [at, found]];
  return () => ({ ...found, watched_ms: Math.min(WATCH_MS, Math.round(performance.now() - at)) });
}

/** Some effect, now. */
export function effect(kind: Kind): void {
  for (const [at, found] of watched) {
    const after = Math.round(performance.now() - at);
    if (after < WATCH_MS) found[kind] ??= after;
  }
}
