// Rules in words.

import type { Json } from "../api";
import { quoted } from "../figures";

const OPERATORS: Record<string, string> = {
  is: "is", in: "is one of", is_not: "is not", contains: "contains", not_contains: "does not contain", matches: "matches",
  gt: "is over", gte: "is at least", lt: "is under", lte: "is at most", is_set: "is set", is_not_set: "is not set",
};

/** "click on .add · text is “Buy” · path is “/shop”". */
export function ruleWords(rule: Json): string {
  const { on, css, text, label, href, page, where, name, any, match, rage } = rule;
  if (Array.isArray(any)) return any.map((each) => ruleWords(each as Json)).join(", or ");
  const types = [on ?? (name ? "track" : "click")].flat().join(" or ");
  const tests = Object.entries({ text, name: label, address: href, ...(page as Json | undefined) }).flatMap(([property, given]) => [given ?? []].flat().map((test) => testWords(property, test as Json)));
  const predicates = [where ?? []].flat().map((each) => testWords(String((each as Json).property ?? ""), each as Json));
  return [
    name ? `${types} ${quoted(String(name))}` : css ? `${types} on ${String(css)}` : types,
    ...tests,
    ...predicates,
    ...(css && match === "target" ? ["itself, not what is inside"] : []),
    ...(rage ? ["in a burst"] : []),
  ].join(" · ");
}

function testWords(property: string, test: Json): string {
  if (!property || typeof test.op !== "string") return JSON.stringify(test);
  const said = test.value === undefined ? "" : [test.value].flat().map((each) => quoted(String(each))).join(", ");
  return [property, OPERATORS[test.op] ?? test.op, said].join(" ").trim();
}
