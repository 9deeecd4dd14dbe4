import { MAX_URL_CHARS } from "./contract";

/** A URL without the user name and password that may stand in it. */
export function clean(url: string): string {
  return url.replace(/^([a-z][\w+.-]*:\/\/)[^/?#]*@/i, "$1").slice(0, MAX_URL_CHARS);
}
