import { MAX_URL_CHARS } from "./contract";

/**
 * What `backsight define` puts into the fragment of an address: a token that nobody else may see. Without `=`, since
 * pages that look for `location.hash` by a selector would throw. Sign-in pages take the address that was asked for into
 * their query, percent-encoded.
 */
export const TOKEN = /(?:[#&]|%2[36])backsight-(dt_[\w-]+)/i;

/** A URL without the user name and password that may stand in it, or the definer's token. */
export const anonymous = (url: string): string => url.replace(/^([\w+.-]+:\/\/)[^/?#]*@/, "$1").replace(TOKEN, "");

export const clean = (url: string): string => anonymous(url).slice(0, MAX_URL_CHARS);
