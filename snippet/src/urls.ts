import { MAX_URL_CHARS } from "./contract";

/** A URL without the user name and password that may stand in it. */
export const anonymous = (url: string): string => url.replace(/^([a-z][\w+.-]*:\/\/)[^/?#]*@/i, "$1");

export const clean = (url: string): string => anonymous(url).slice(0, MAX_URL_CHARS);
