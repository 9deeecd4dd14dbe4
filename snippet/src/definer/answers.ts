// What the API says and takes; see docs/reference/http-api.md and rules.md.

export type Operator =
  | "is" | "is_not" | "in" | "contains" | "not_contains" | "matches" | "gt" | "gte" | "lt" | "lte" | "is_set" | "is_not_set";

export interface Test {
  op: Operator;
  value?: unknown;
}

export interface Predicate extends Test {
  property: string;
}

type Tests = Test | Test[];

export interface Rule {
  on?: string | string[];
  css?: string;
  match?: "closest" | "target";
  name?: string;
  text?: Tests;
  label?: Tests;
  href?: Tests;
  page?: Record<string, Tests>;
  where?: object[];
  any?: Rule[];
  rage?: object;
}

export interface Permission {
  site: string;
  origin: string;
  expires: string;
}

export interface Candidate {
  rule: Rule;
  scope: "element" | "row" | "kind" | "text";
  words: string;
  css: string | null;
  on_page: number;
  stability: number;
  why: string[];
}

export interface Candidates {
  candidates: Candidate[];
  left_out?: { token: string; why: string }[];
}

export interface Counts {
  events: number;
  persons: number;
}

export interface Preview extends Counts {
  daily: { date: string; events: number }[];
  overlaps: { name: string; events: number }[];
  texts?: { distinct: number; top: { text: string | null; events: number }[] };
  pages?: { distinct: number; top: { path: string | null; events: number }[] };
  difference?: { gained: Counts; lost: Counts };
}

export interface Repair {
  silent_since: string;
  rule: Rule;
  rules: Rule[];
  words: string;
  why: string[];
  found: Counts;
  before: { events: number };
  after: { events: number };
}

export interface Named {
  name: string;
  rules: Rule[];
  description: string;
  version: number;
  activity?: Counts & { from: string; daily: number[]; last: string | null; silent_since: string | null; words?: string | null };
  repair?: Repair | null;
}

export interface Unnamed extends Counts {
  tag: string;
  text: string | null;
  label: string | null;
  pages: (string | { path: string })[];
  name: string;
  rule: Rule;
  words: string;
  stability: number;
}
