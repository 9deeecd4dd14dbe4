// What the script's own tag says: data-key, data-host, data-consent.

import { find, scriptOf } from "./dom";
import { clean } from "./urls";

// currentScript is null for a module script; then the tag is found by its key.
const tag = (scriptOf(document) ?? find(document, "script[data-key]")) as HTMLScriptElement;
const given: DOMStringMap = tag?.dataset ?? {};

/** The site's public write key; without one the snippet does nothing. */
export const KEY = given.key;

/** Where batches go: the origin that served the script, unless data-host names another; fetch takes no passwords. */
export const ENDPOINT = KEY && clean(new URL("/v1/capture", given.host ?? tag.src).href);

/** Whether nothing may be captured or stored before `consent(true)`. */
export const CONSENT_REQUIRED = given.consent === "required";

/** The browser says that its user does not want to be tracked; that is final. */
export const REFUSED =
  navigator.doNotTrack === "1" || !!(navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl;
