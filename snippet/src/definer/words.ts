// Rules, elements, figures and dates, as people say them.

import { attribute, nameOf } from "../dom";
import { labelOf, textOf } from "../texts";
import type { Candidate, Counts, Rule, Test } from "./answers";

export const figure = (value: number): string => value.toLocaleString("en-GB");

export const counted = (value: number, one: string): string => `${figure(value)} ${one}${value === 1 ? "" : "s"}`;

/** How much of this page a rule finds. */
export const onPage = (count: number): string => (count ? `${figure(count)} on this page` : "not on this page");

/** "1,204 events by 310 persons". */
export const amount = ({ events, persons }: Counts): string => `${counted(events, "event")} by ${counted(persons, "person")}`;

export const share = (part: number, whole: number): string => (whole ? `${Math.round((100 * part) / whole)}%` : "0%");

export const quoted = (text: string, most = 40): string => `“${cut(text, most)}”`;

export const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text);

/** "12 November 2026". */
export const day = (date: string): string =>
  new Date(date).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });

export const clock = (instant: string): string =>
  new Date(instant).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

const KINDS: Record<string, string> = {
  a: "link", button: "button", select: "choice", textarea: "text field", form: "form", img: "picture", svg: "icon", label: "label",
  summary: "disclosure", li: "list item", ul: "list", ol: "list", tr: "row", td: "cell", th: "heading cell", nav: "navigation", p: "paragraph",
  h1: "heading", h2: "heading", h3: "heading", h4: "heading", html: "whole page", body: "whole page", iframe: "frame",
};
const FIELDS = /^(email|password|search|tel|url|number|date|text|)$/;

/** What an element is: "button", "link", "checkbox", "section". */
export function kindOf(element: Element): string {
  const tag = nameOf(element);
  const role = attribute(element, "role");
  const type = attribute(element, "type").toLowerCase();
  if (role && !/^(presentation|none|group|region)$/.test(role)) return role;
  if (tag !== "input") return KINDS[tag] ?? tag;
  if (/^(submit|button|reset|image)$/.test(type)) return "button";
  return FIELDS.test(type) ? `${type || "text"} field` : type;
}

/** What it says, to tell it from others: its name, else its text. */
export const saidBy = (element: Element): string => labelOf(element) || textOf(element);

/** "button “Buy now”". */
export function describeShort(element: Element): string {
  const said = saidBy(element);
  return said ? `${kindOf(element)} ${quoted(said)}` : kindOf(element);
}

/** A crumb: the tag with what tells it apart at a glance. */
export function crumbOf(element: Element): string {
  const id = attribute(element, "id");
  const first = attribute(element, "class").trim().split(/\s+/)[0] ?? "";
  return cut(nameOf(element) + (id ? `#${id}` : first ? `.${first}` : ""), 28);
}

const DONE: Record<string, string> = { click: "Clicked", change: "Changed", submit: "Submitted", focus: "Entered", copy: "Copied" };

/** A name to begin with: "Clicked Add kettle to basket", in any row "Clicked Add", of every button "Clicked a button". */
export function suggestedName(element: Element, on: string, scope: Candidate["scope"]): string {
  const said = scope === "element" ? saidBy(element) : scope === "kind" ? "" : textOf(element);
  const own = scope === "kind" ? "" : attribute(element, "name") || attribute(element, "id");
  return `${DONE[on] ?? "Used"} ${cut(said || own || `a ${kindOf(element)}`, 60)}`;
}

export const VERBS: Record<string, string> = {
  click: "is clicked", change: "is changed", submit: "is submitted", focus: "is entered for the first time", copy: "is copied from",
};

const OPERATORS: Record<string, string> = {
  is: "is", in: "is one of", is_not: "is not", contains: "contains", not_contains: "does not contain", matches: "matches",
  gt: "is over", gte: "is at least", lt: "is under", lte: "is at most", is_set: "is set", is_not_set: "is not set",
};

export const operator = (op: string): string => OPERATORS[op] ?? op;

/** "text is “Buy”". */
export function testWords(property: string, { op, value }: Test): string {
  const said = [value].flat().map((each) => quoted(String(each))).join(", ");
  return [property, operator(op), value === undefined ? "" : said].join(" ").trim();
}

/** Everything that a rule says beside its selector: "click · text is “Buy” · path is “/shop”". */
export function ruleWords(rule: Rule): string {
  const { on, css, text, label, href, page = {}, where = [], name, match, any } = rule;
  if (any) return any.map(ruleWords).join(", or ");
  const types = [on ?? (name ? "track" : "click")].flat().join(" or ");
  const tests: [string, Test | Test[] | undefined][] = [["text", text], ["name", label], ["address", href], ...Object.entries(page)];
  return [
    name ? `${types} ${quoted(name)}` : types,
    ...tests.flatMap(([property, given]) => [given ?? []].flat().map((test) => testWords(property, test))),
    ...where.map(predicateWords),
    ...(css && match === "target" ? ["itself, not what is inside"] : []),
    ...(rule.rage ? ["in a burst"] : []),
  ].join(" · ");
}

function predicateWords(predicate: object): string {
  const { property, ...test } = predicate as { property?: string } & Test;
  return property ? testWords(property, test) : JSON.stringify(predicate);
}
