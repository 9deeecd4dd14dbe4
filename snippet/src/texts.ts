// What an element says: its text, and its accessible name. A compact form of https://www.w3.org/TR/accname-1.2/
// that reads no styles and no values; what it leaves out stands in docs/reference/snippet.md.

import { MAX_TEXT_CHARS } from "./contract";
import { attribute, childrenOf, isElement, matches, nameOf, shadowOf, typeOf } from "./dom";
import { mask } from "./masks";
import { EDITABLE, isPrivate, WITHHELD } from "./privacy";

/** What a click is meant for. A negative tabindex only lets scripts set the focus, as on a whole dialog. */
export const INTERACTIVE =
  "a[href],area[href],button,input,select,textarea,label,summary,option,[contenteditable]:not([contenteditable=false i])," +
  '[tabindex]:not([tabindex^="-"]),' +
  ["button", "link", "menuitem", "tab", "checkbox", "radio", "switch", "option"].map((role) => `[role=${role} i]`).join();

const SILENT = `${WITHHELD},${EDITABLE},[hidden],script,style,noscript,template,datalist,iframe,object,audio,video,canvas`;
const UNNAMED = "[aria-hidden=true i]";
const UNSPOKEN = "svg title,svg desc";

/** Elements that run on in a line; all others set their text apart. */
const INLINE = /^(a|abbr|b|bdi|bdo|cite|code|data|dfn|em|font|i|kbd|mark|q|s|samp|slot|small|span|strong|sub|sup|time|tspan|u|var|wbr)$/;
const BUTTON = "input:is([type=submit i],[type=button i],[type=reset i])";
const LABELABLE = "input,button,select,textarea,meter,output,progress";

/** Characters and nodes after which reading stops; masks need more than is kept. */
const ENOUGH = 4_000;
const NODES = 1_000;

interface Reading {
  text: string;
  nodes: number;
}

/** White space folded (which every mask sees through), masked, then cut; a half of a character is left out. */
export function tidy(text: string): string {
  return mask(text.replace(/\s+/g, " "))
    .trim()
    .slice(0, MAX_TEXT_CHARS)
    .replace(/\p{Surrogate}/gu, "");
}

export function textOf(element: Element): string {
  return tidy(matches(element, BUTTON) ? (attribute(element, "value") ?? "") : contents(element, false));
}

export function labelOf(element: Element): string {
  return tidy(
    referred(element) ||
      attribute(element, "aria-label")?.trim() ||
      native(element) ||
      (matches(element, `${INTERACTIVE},h1,h2,h3,h4,h5,h6,th,td,li`) && contents(element, true).trim()) ||
      attribute(element, "title") ||
      attribute(element, "placeholder") ||
      "",
  );
}

/** What aria-labelledby refers to, in the same tree. */
function referred(element: Element): string {
  const ids = attribute(element, "aria-labelledby")?.match(/\S+/g) ?? [];
  const root = Node.prototype.getRootNode.call(element) as Document | ShadowRoot;
  return ids.map((id) => nameHere(root.getElementById?.(id))).join(" ").trim();
}

/** What HTML itself offers as a name. */
function native(element: Element): string {
  if (matches(element, BUTTON)) return attribute(element, "value") ?? "";
  if (matches(element, "img,area,input[type=image i]")) return attribute(element, "alt") ?? "";
  if (matches(element, "svg")) return nameHere(element.querySelector("title"));
  if (!matches(element, LABELABLE)) return "";
  return Array.from((element as HTMLInputElement).labels ?? [], nameHere).join(" ").trim();
}

function nameHere(element: Element | null | undefined): string {
  if (!element || isPrivate(element)) return "";
  return attribute(element, "aria-label") || contents(element, true);
}

function contents(element: Element, named: boolean): string {
  const reading = { text: "", nodes: 0 };
  if (!matches(element, EDITABLE)) inside(element, named, reading);
  return reading.text;
}

function inside(element: Element, named: boolean, reading: Reading): void {
  for (const node of drawn(element)) {
    if (reading.text.length > ENOUGH || ++reading.nodes > NODES) return;
    if (typeOf(node) === 3) reading.text += (node as Text).data.replace(/\s+/g, " ");
    else if (isElement(node)) child(node, named, reading);
  }
}

function child(element: Element, named: boolean, reading: Reading): void {
  if (matches(element, `${SILENT},${named ? UNNAMED : UNSPOKEN}`)) return;
  const gap = INLINE.test(nameOf(element)) ? "" : " ";
  reading.text += gap;
  const name = named && (attribute(element, "aria-label") || (matches(element, "img") && attribute(element, "alt")));
  if (name) reading.text += name;
  else inside(element, named, reading);
  reading.text += gap;
}

/** The children as they are drawn: of the open shadow root, of what fills the slot, else its own. */
function drawn(element: Element): Iterable<Node> {
  const slotted = nameOf(element) === "slot" ? (element as HTMLSlotElement).assignedNodes?.() : [];
  return slotted?.length ? slotted : childrenOf(shadowOf(element) ?? element);
}
