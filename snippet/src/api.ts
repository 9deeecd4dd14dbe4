// `window.backsight`: what a page's own code may say.

import { discard } from "./batch";
import { flush } from "./closing";
import { captureElement } from "./capture";
import { MAX_ID_CHARS } from "./contract";
import { begin, recordFacts } from "./page";
import { clear, push } from "./queue";
import { REFUSED } from "./settings";
import { allowed, forget, load, lose, touch, update } from "./state";
import { drain } from "./transport";
import { work } from "./idle";

export const api = {
  /** A custom event. */
  track(name: string, props?: object): void {
    recordFacts("track", { name: String(name), props });
  },

  /** For parts that are loaded later: an event of some type, of an element or of none, with the privacy rules of all. */
  record(type: string, element: Element | null, facts: object): void {
    if (element) captureElement(type, element, facts);
    else recordFacts(type, facts);
  },

  lose,
  restore(_key: string, _body: string): void {
    push({ _key, _body });
    drain();
  },

  /** From now on this is that user, until reset(). */
  identify(user: string, traits?: object): void {
    const id = String(user ?? "");
    if (!id || id[MAX_ID_CHARS]) throw RangeError();
    if (!allowed()) return;
    switchTo(id);
    recordFacts("identify", { user: id, traits });
  },

  /** Something about the user, known or not yet. */
  addUserProperties(traits: object): void {
    recordFacts("traits", { traits });
  },

  /** A new device, a new session, nobody identified: after signing out. */
  reset(): void {
    if (!allowed()) return;
    flush();
    forget();
    touch();
  },

  /** Whether capturing is agreed to; `false` also forgets the device and what has not been sent. */
  consent(given: boolean): void {
    const before = allowed();
    if (!given) {
      discard();
      clear();
      forget(false);
      work(); // Nothing of what waits is written any more.
    } else if (!before && !REFUSED) {
      update({ consent: true });
      begin();
    }
  },

  /** Sends now what has been captured. */
  flush,
};

/** The pageview that waits still belongs to whoever was there before. */
function switchTo(user: string): void {
  if (load().user === user) return;
  flush();
  update({ user });
}

