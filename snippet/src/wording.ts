// What an event says of its element: texts and names of what was meant and of the target itself, and the link's address.

import { attempt } from "./attempt";
import { MAX_URL_CHARS } from "./contract";
import { attribute, matches } from "./dom";
import { masked } from "./masks";
import { INTERACTIVE, labelIn, textIn, tidy } from "./texts";
import { anonymous } from "./urls";

/** `path` is the target's lineage, `redacted` what of it must not be read. */
export const wording = (target: Element, path: Element[], redacted: Set<Element>): object => wordsOf(target, path, redacted)();

/** Reads the words now; what is given back masks them later. */
export function wordsOf(target: Element, path: Element[], redacted: Set<Element>): () => object {
  const meant = path.find((element) => matches(element, INTERACTIVE)) ?? target;
  const link = path.find((element) => matches(element, "a[href],area[href]"));
  const words = redacted.has(meant) ? undefined : [textIn(meant), labelIn(meant)];
  const own = meant === target || redacted.has(target) ? undefined : [textIn(target), labelIn(target)];
  const href = link && !redacted.has(link) ? [attribute(link, "href"), link.baseURI] : undefined;
  return () => ({
    ...(words && { text: tidy(words[0]!), label: tidy(words[1]!) }),
    ...(own && { target_text: tidy(own[0]!), target_label: tidy(own[1]!) }),
    href: href && destination(href[0]!, href[1]!),
  });
}

/** From the attribute, not from `link.href`, which is an object on SVG's links; undefined if it is no URL. */
const destination = (href: string, base: string): string | undefined =>
  attempt(() => masked(anonymous(new URL(href, base).href), MAX_URL_CHARS));
