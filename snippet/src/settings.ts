// What the script's own tag says: data-key, data-host, data-consent, data-vitals, data-expose.

import { attempt } from "./attempt";
import { find, scriptOf } from "./dom";
import { anonymous } from "./urls";

// currentScript is null for a module script; then the tag is found by its key.
const tag = (scriptOf(document) ?? find(document, "script[data-key]")) as HTMLScriptElement;
const given: DOMStringMap = tag?.dataset ?? {};

/** The site's public write key; without one the snippet does nothing. */
export const KEY = given.key;

/**
 * The folder that the script stands in, unless data-host names another; everything else stands next to it. Undefined
 * where there is none. Requests take no user names and passwords.
 */
export const BASE = attempt(() =>
  anonymous(new URL(given.host?.replace(/\/*$/, "/") ?? ".", tag.src || location.href).href),
);

/** Whether nothing may be captured or stored before `consent(true)`. */
export const CONSENT_REQUIRED = given.consent === "required";

/** Switched on by an attribute without a value, and loaded with the first page that may be captured. */
export const PARTS = ["vitals", "expose"].filter((name) => name in given);

/** The browser says that its user does not want to be tracked; that is final. */
export const REFUSED =
  navigator.doNotTrack === "1" || (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl;
