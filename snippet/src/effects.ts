// What first followed a click, and after how many milliseconds: asked later, it tells dead clicks from others.

export interface Effects {
  /** When it was clicked, on performance's clock. */
  _at: number;
  /** Milliseconds to the first effect of each kind, by field of the wire. */
  _found: Partial<Record<Kind, number>>;
}

type Kind = "dom_ms" | "navigation_ms" | "scroll_ms" | "focus_ms" | "error_ms";

/** For how long a click is watched. */
export const WATCH_MS = 2_500;

const MUTATIONS = { subtree: true, childList: true, attributes: true, characterData: true };

let watched: Effects[] = [];

const observer = new MutationObserver(changed);

/** The first change is all that is asked of the DOM, so nothing is observed any more. */
function changed(): void {
  observer.disconnect();
  effect("dom_ms");
}

/** What has changed but was not told yet belongs to the clicks before. */
function settle(): void {
  if (observer.takeRecords()[0]) changed();
}

/** Watches a click: its document, and the open shadow trees on its path. */
export function watchClick(event: Event): Effects {
  settle();
  for (const node of event.composedPath() as Node[]) if (node.nodeType > 8) observer.observe(node, MUTATIONS);
  const effects = { _at: performance.now(), _found: {} };
  watched.push(effects);
  return effects;
}

/** Some effect, now. */
export function effect(kind: Kind): void {
  const now = performance.now();
  for (const { _at, _found } of watched) if (now - _at < WATCH_MS) _found[kind] ??= Math.round(now - _at);
}

/** No click is watched any more: what is found of them is written down. */
export function endWatch(): void {
  settle();
  observer.disconnect();
  watched = [];
}

/** The fields of a click, as of now. */
export const fieldsOf = ({ _at, _found }: Effects): object => ({
  ..._found,
  watched_ms: Math.min(WATCH_MS, Math.round(performance.now() - _at)),
});
