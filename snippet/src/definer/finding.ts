// Which elements of the page a rule's selector finds, through open shadow trees, and what surrounds an element.

import { attempt } from "../attempt";
import { childrenOf, hostOf, isElement, lineage, matches, parentOf, rootOf, shadowOf } from "../dom";
import { isIgnored } from "../privacy";
import { INTERACTIVE, labelOf, textOf } from "../texts";
import type { Rule, Test } from "./answers";

type Tree = Document | ShadowRoot;

const every = Document.prototype.querySelectorAll;
const everyInside = DocumentFragment.prototype.querySelectorAll;

export const within = (tree: Tree, css: string): Element[] =>
  [...(tree.nodeType === 9 ? every.call(tree, css) : everyInside.call(tree, css))];

/** How long the list of trees is taken as it was: finding them means to look at every element. */
const FRESH_MS = 500;
let known: Tree[] = [];
let since = -FRESH_MS;

/** The document and its open shadow trees. */
export function trees(): Tree[] {
  const now = performance.now();
  if (now - since < FRESH_MS) return known;
  since = now;
  known = [document];
  for (const tree of known) {
    for (const element of within(tree, "*")) {
      const shadow = shadowOf(element);
      if (shadow) known.push(shadow); // The loop goes on into it.
    }
  }
  return known;
}

/** `closest`, on past shadow roots to their hosts, as rules have it. */
export function closestOf(element: Element, css: string): Element | null {
  for (let each: Element | undefined = element; each; each = hostOf(rootOf(each))) {
    const found = each.closest(css);
    if (found) return found;
  }
  return null;
}

/** The nearest interactive element as the page is drawn, else the element itself: what a click on it is meant for. */
export const meantOf = (path: Element[]): Element => path.find((element) => matches(element, INTERACTIVE)) ?? path[0]!;

/** The elements of this page whose events a rule counts; those that are never captured left out. */
export function foundBy(rule: Rule): Element[] {
  if (rule.any) return [...new Set(rule.any.flatMap(foundBy))];
  if (!isOnElements(rule) || !holdsHere(rule)) return [];
  const says = (css: string): Element[] =>
    (attempt(() => trees().flatMap((tree) => within(tree, css))) ?? []).filter((each) => !isIgnored([each]) && saysAsAsked(rule, each));
  if (!rule.text && !rule.label) return says(rule.css!);
  const found = says(rule.css ?? INTERACTIVE);
  return innermost(found.length || rule.css ? found : says("body *"));
}

/** What surrounds an element that says something says it, too. */
const innermost = (found: Element[]): Element[] => found.filter((each) => !found.some((other) => other !== each && each.contains(other)));

/** Whether the events of an element are counted by a rule. */
export function bears(element: Element, rule: Rule): boolean {
  if (rule.any) return rule.any.some((each) => bears(element, each));
  if (!isOnElements(rule) || !holdsHere(rule)) return false;
  const css = rule.css;
  return (!css || !!attempt(() => closestOf(element, css))) && saysAsAsked(rule, meantOf(lineage(element)));
}

const ON_ELEMENTS = /^(click|change|submit|focus|copy|expose|any)$/;

/** Rules with neither a selector nor a text speak of no element of their own. */
const isOnElements = ({ on = "click", css, text, label }: Rule): boolean =>
  [on].flat().some((type) => ON_ELEMENTS.test(type)) && !!(css || text || label);

/** Whether this page passes a rule's tests of pages. */
export function holdsHere({ page = {} }: Rule): boolean {
  const { host, pathname, search, hash, href } = location;
  const here: Record<string, string> = {
    host, path: pathname, query: search.slice(1), fragment: hash.slice(1), url: href.replace(/^\w+:\/\//, ""), title: document.title,
  };
  return Object.entries(page).every(([part, tests]) => !(part in here) || passes(tests, here[part]!));
}

function saysAsAsked({ text, label }: Rule, element: Element): boolean {
  if (!text && !label) return true;
  return (!text || passes(text, textOf(element))) && (!label || passes(label, labelOf(element)));
}

const passes = (tests: Test | Test[], actual: string): boolean => [tests].flat().every((test) => pass(test, actual));

/** Operators as docs/reference/rules.md has them, for strings; others are the collector's to judge. */
function pass({ op, value }: Test, actual: string): boolean {
  const values = [value].flat().map(String);
  const contained = (): boolean => values.some((each) => actual.toLowerCase().includes(each.toLowerCase()));
  switch (op) {
    case "is":
    case "in":
      return values.includes(actual);
    case "is_not":
      return !values.includes(actual);
    case "contains":
      return contained();
    case "not_contains":
      return !contained();
    case "matches":
      return attempt(() => new RegExp(values[0]!, "u").test(actual)) ?? true;
    default:
      return true;
  }
}

/** The first child that can be seen. */
export const childOf = (element: Element): Element | undefined =>
  [...childrenOf(shadowOf(element) ?? element)].filter(isElement).find((child) => child.getClientRects().length);

/** Whether an element is still part of the page. */
export const stands = (element: Element): boolean => element.isConnected && !!parentOf(element);
