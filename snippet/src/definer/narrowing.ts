// A rule narrowed by what was said, where and under which circumstances.

import type { Predicate, Rule, Test } from "./answers";

export interface Narrowing {
  text?: Test | undefined;
  path?: Test | undefined;
  where?: Predicate | undefined;
}

/** The rule with these tests besides its own. */
export function narrowed(rule: Rule, narrowing: Narrowing): Rule {
  const { text, path, where } = narrowing;
  if (rule.any) return { ...rule, any: rule.any.map((each) => narrowed(each, narrowing)) };
  return {
    ...rule,
    ...(text && { text: both(rule.text, text) }),
    ...(path && { page: { ...rule.page, path: both(rule.page?.path, path) } }),
    ...(where && { where: [...(rule.where ?? []), where] }),
  };
}

const both = (own: Test | Test[] | undefined, added: Test): Test | Test[] => (own ? [...[own].flat(), added] : added);

/** A part of a path that names one thing of many: a number, or something with digits as long ids have them. */
const NAMES_ONE = /^\d+$|^(?=.*\d)[\w-]{8,}$/;

/** Pages like this one, as an RE2 expression and as people write it; undefined where there is nothing to vary. */
export function likePath(path: string): { pattern: string; shown: string } | undefined {
  const parts = path.split("/");
  const varies = parts.some((part) => NAMES_ONE.test(part));
  const last = parts.length - (parts[parts.length - 1] ? 1 : 2);
  if (!varies && last < 2) return undefined;
  const vary = (part: string, index: number): boolean => (varies ? NAMES_ONE.test(part) : index === last);
  return {
    pattern: `^${parts.map((part, i) => (vary(part, i) ? "[^/]+" : escaped(part))).join("/")}$`,
    shown: parts.map((part, i) => (vary(part, i) ? "*" : part)).join("/"),
  };
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A number is compared with numbers, anything else with texts. */
export const valueOf = (given: string): string | number => (/^-?\d+(\.\d+)?$/.test(given.trim()) ? Number(given) : given);
