// Parts of the snippet that few pages need, loaded from the script's own folder: vitals.js and expose.js where the tag
// asks for them, definer.js in a tab that bears a token of `backsight define`.

import { attempt } from "./attempt";
import { global } from "./global";
import { BASE, PARTS } from "./settings";
import { allowed } from "./state";
import { anonymous, TOKEN } from "./urls";

let effects: unknown;

const KEPT = "backsight.definer";

/** The token that an earlier page of this tab was given. A frame is defined from the page around it. */
export const keptToken = (): string | undefined => (top === window ? attempt(() => sessionStorage[KEPT]) : undefined);

/** The definer's token, moved from the address to this tab; the definer follows it. */
export function takeToken(token = TOKEN.exec(location.hash)?.[1]): void {
  if (!token) return;
  attempt(() => history.replaceState(history.state, "", anonymous(location.href)));
  attempt(() => (sessionStorage[KEPT] = token));
  if (!global.token) load("definer"); // Closed, it starts anew.
  global.token = token;
}

/** What follows clicks, and uncaught errors: at the first sign of a person or of an error, once. */
export const loadEffects = (): unknown => (effects ||= allowed() && load("effects"));

/** Those that the tag asks for, once. */
export const loadParts = (): void => PARTS.splice(0).forEach(load);

/**
 * Not by a script element: an import has this script's nonce, and needs no policy where Trusted Types are required.
 * A module of one address runs once, and some have to run again.
 */
export const load = (part: string): unknown => import(`${BASE}${part}.js#${Date.now()}`).catch(() => 0); // Perhaps there is no network.
