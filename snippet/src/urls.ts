import { MAX_URL_CHARS } from "./contract";

/** What `backsight define` puts into the fragment of an address: a token that nobody else may see. */
export const TOKEN = /[#&]backsight=(dt_[\w-]+)/;

/** A URL without the user name and password that may stand in it, or the definer's token. */
export const anonymous = (url: string): string => url.replace(/^([a-z][\w+.-]*:\/\/)[^/?#]*@/i, "$1").replace(TOKEN, "");

export const clean = (url: string): string => anonymous(url).slice(0, MAX_URL_CHARS);
