// Captures what happens on a page, as facts. See docs/reference/snippet.md, and wire.md for what is sent.

import { api, type Api } from "./api";
import { onDue } from "./batch";
import { captureFrom } from "./capture";
import { guarded } from "./guard";
import { watch } from "./life";
import { begin } from "./page";
import { claim } from "./queue";
import { ENDPOINT } from "./settings";
import { allowed } from "./state";

type Call = [keyof Api, IArguments | unknown[]];
interface Global extends Partial<Api> {
  /** Calls made before the script had loaded. */
  q?: Call[];
  loaded?: boolean;
}

const page = window as unknown as { backsight?: Global };
const global = (page.backsight ??= {});

const start = guarded(() => {
  onDue(api.flush);
  captureFrom(window);
  watch();
  if (allowed()) claim();
  begin();
  Object.assign(global, api);
  for (const [name, given] of global.q?.splice(0) ?? []) (api[name] as (...given: unknown[]) => void)(...given);
});

/** A page that is drawn ahead of its visit has no visit yet; calls wait. */
function startWhenVisited(): void {
  const calls = (global.q ??= []);
  for (const name of Object.keys(api) as (keyof Api)[]) global[name] ??= (...given: unknown[]) => void calls.push([name, given]);
  document.addEventListener("prerenderingchange", start, { once: true });
}

if (ENDPOINT && !global.loaded) {
  global.loaded = true;
  (document as { prerendering?: boolean }).prerendering ? startWhenVisited() : start();
}
