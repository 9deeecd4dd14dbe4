// What may be read of an element: nothing inside data-backsight-ignore, no contents inside data-backsight-redact,
// in a field for secrets, or inside what people edit.

import { lineage, matches } from "./dom";

const IGNORE = "[data-backsight-ignore]";

/** Fields whose attributes and labels stay here too. */
const SECRET =
  "[data-backsight-redact],[type=password],[autocomplete*=password i],[autocomplete*=cc- i],[autocomplete*=one-time i]";

/** Elements into which people type or in which they choose: what is inside is theirs. */
export const EDITABLE =
  "[contenteditable]:not([contenteditable=false]),[role=textbox],textarea,select";

export const WITHHELD = `${IGNORE},${SECRET}`;

/** In design mode, the whole document is what people edit. */
export const isIgnored = (path: Element[]): boolean =>
  document.designMode === "on" || path.some((element) => matches(element, IGNORE));

/** The innermost elements of a path, as many as must be redacted. */
export function redactedOf(path: Element[]): Set<Element> {
  let count = 0;
  path.forEach((element, i) => {
    if (matches(element, SECRET)) count = i + 1;
    else if (matches(element, EDITABLE)) count = i;
  });
  return new Set(path.slice(0, count));
}

/** Whether the text of an element far from the event may be read. */
export const isPrivate = (element: Element): boolean => {
  const path = lineage(element);
  return isIgnored(path) || redactedOf(path).has(element);
};
