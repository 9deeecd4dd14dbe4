// What an event says of its element: texts and names of what was meant and of the target itself, and the link's address.

import { attempt } from "./attempt";
import { MAX_URL_CHARS } from "./contract";
import { attribute, matches } from "./dom";
import { masked } from "./masks";
import { INTERACTIVE, labelOf, textOf } from "./texts";
import { anonymous } from "./urls";

/** `path` is the target's lineage, `redacted` what of it must not be read. */
export function wording(target: Element, path: Element[], redacted: Set<Element>): object {
  const meant = path.find((element) => matches(element, INTERACTIVE)) ?? target;
  const link = path.find((element) => matches(element, "a[href],area[href]"));
  return {
    ...(!redacted.has(meant) && { text: textOf(meant), label: labelOf(meant) }),
    ...(meant !== target && !redacted.has(target) && { target_text: textOf(target), target_label: labelOf(target) }),
    ...(link && !redacted.has(link) && { href: destination(link) }),
  };
}

/** From the attribute, not from `link.href`, which is an object on SVG's links; undefined if it is no URL. */
const destination = (link: Element): string | undefined =>
  attempt(() => masked(anonymous(new URL(attribute(link, "href"), link.baseURI).href), MAX_URL_CHARS));
