// Who is looking: the key, its site and what it may do; and where they are in the page.

import type { Api } from "./api";

export interface Site {
  site: string;
  scopes: string[];
  /** By which the site's pages send; null where there is none. */
  write_key: string | null;
}

export interface App {
  readonly api: Api;
  readonly site: Site;
  /** Says it to those who listen to the page. */
  say(words: string): void;
  may(scope: "define" | "admin"): boolean;
}

/** Shows a part of the page until the signal falls; may give what takes another address of the same view. */
export type View = (app: App, rest: string[], host: HTMLElement, signal: AbortSignal) => void | ((rest: string[]) => void);

/** The parts of the address behind the `#`, such as ["events", "Signed up"]. */
export function placeOf(hash: string): string[] {
  return hash.replace(/^#/, "").split("/").map(decoded);
}

export const hashOf = (...parts: string[]): string => `#${parts.map(encodeURIComponent).join("/")}`;

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
