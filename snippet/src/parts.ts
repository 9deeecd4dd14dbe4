// Parts of the snippet that few pages need, loaded from the script's own folder: vitals.js and expose.js where the tag
// asks for them, definer.js in a tab that bears a token of `backsight define`.

import { attempt } from "./attempt";
import { global } from "./global";
import { BASE, PARTS } from "./settings";
import { TOKEN } from "./urls";

const KEPT = "backsight.definer";

/** The token that an earlier page of this tab was given. A frame is defined from the page around it. */
export const keptToken = (): string | undefined => (top === window ? attempt(() => sessionStorage[KEPT]) : undefined);

/** The definer's token, moved from the address to this tab; the definer follows it. */
export function takeToken(token = TOKEN.exec(location.hash)?.[1]): void {
  if (!token) return;
  attempt(() => history.replaceState(history.state, "", location.href.replace(TOKEN, "")));
  attempt(() => (sessionStorage[KEPT] = token));
  if (!global.token) load(`definer.js#${Date.now()}`); // Closed, it starts anew: a module of one address runs once.
  global.token = token;
}

/** Those that the tag asks for, once. */
export const loadParts = (): void => PARTS.splice(0).forEach((part) => load(`${part}.js`));

/** Not by a script element: an import has this script's nonce, and needs no policy where Trusted Types are required. */
const load = (file: string): unknown => import(`${BASE}${file}`).catch(() => 0); // Perhaps there is no network.
