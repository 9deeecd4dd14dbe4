// Captures what happens on a page, as facts. See docs/reference/snippet.md, and wire.md for what is sent.

import { api } from "./api";
import { onDue } from "./batch";
import { captureFrom } from "./capture";
import { listenTo } from "./dom";
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
  q?: [string, unknown[]][];
  loaded?: boolean;
}

type Global = Record<string, Call | undefined> & Extras;

/** Without a stub, the name may stand for an element with that id: https://html.spec.whatwg.org/#named-access-on-the-window-object */
const stub = Object.getOwnPropertyDescriptor(window, "backsight")?.value as Global | undefined;
const global = ((window as { backsight?: Global }).backsight = stub ?? {});

const start = guarded(() => {
  for (const [name, call] of Object.entries(api)) global[name] = guarded(call as Call);
  onDue(global.flush!);
  captureFrom(window);
  watch();
  if (allowed()) claim();
  drain(); // At once: a page that is left soon would only hand it on once more.
  begin();
  for (const [name, given] of global.q?.splice(0) ?? []) global[name]?.apply(null, given);
});

if (ENDPOINT && !global.loaded) {
  global.loaded = true;
  // A page that is drawn ahead of its visit has no visit yet.
  if ((document as { prerendering?: unknown }).prerendering === true) listenTo(document, "prerenderingchange", start);
  else start();
}
