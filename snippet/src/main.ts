// Captures what happens on a page, as facts. See docs/reference/snippet.md, and wire.md for what is sent.

import { api } from "./api";
import { onDue } from "./batch";
import { captureFrom } from "./capture";
import { guarded } from "./guard";
import { watch } from "./life";
import { begin } from "./page";
import { claim } from "./queue";
import { ENDPOINT } from "./settings";
import { allowed } from "./state";
import { drain } from "./transport";

type Call = (...given: unknown[]) => void;
interface Extras {
  /** Calls made before the script had loaded. */
  q?: [string, ArrayLike<unknown>][];
  loaded?: boolean;
}

const global = ((window as { backsight?: unknown }).backsight ??= {}) as Record<string, Call | undefined> & Extras;

const start = guarded(() => {
  for (const [name, call] of Object.entries(api)) global[name] = guarded(call as Call);
  onDue(global.flush!);
  captureFrom(window);
  watch();
  if (allowed()) claim();
  drain(); // At once: a page that is left soon would only hand it on once more.
  begin();
  for (const [name, given] of global.q?.splice(0) ?? []) global[name]?.(...Array.from(given));
});

if (ENDPOINT && !global.loaded) {
  global.loaded = true;
  // A page that is drawn ahead of its visit has no visit yet.
  if ((document as { prerendering?: boolean }).prerendering) document.addEventListener("prerenderingchange", start);
  else start();
}
