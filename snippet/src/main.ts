// Captures what happens on a page, as facts. See docs/reference/snippet.md, and wire.md for what is sent.

import { api } from "./api";
import { onDue } from "./batch";
import { captureFrom } from "./capture";
import { listenTo } from "./dom";
import { global, type Call } from "./global";
import { guarded } from "./guard";
import { watch } from "./life";
import { begin } from "./page";
import { keptToken, takeToken } from "./parts";
import { recover } from "./queue";
import { BASE, KEY } from "./settings";

const start = guarded(() => {
  for (const [name, call] of Object.entries(api)) global[name] = guarded(call as Call);
  onDue(global.flush!);
  takeToken();
  takeToken(keptToken());
  captureFrom(window);
  watch();
  recover(); // At once: a page that is left soon would only hand it on once more.
  begin();
  for (const [name, given] of global.q?.splice(0) ?? []) global[name]?.apply(null, given);
});

if (KEY && BASE?.startsWith("http") && !global.base) {
  global.base = BASE;
  // A page that is drawn ahead of its visit has no visit yet.
  if ((document as { prerendering?: unknown }).prerendering === true) listenTo(document, "prerenderingchange", start);
  else start();
}
