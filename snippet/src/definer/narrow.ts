// Narrows the chosen rule in place: by what was said, by page, by a property.

import type { Operator, Predicate, Preview, Test } from "./answers";
import { h, fill } from "./markup";
import { likePath, valueOf, type Narrowing } from "./narrowing";
import { choice, later } from "./parts";
import { cut, operator, quoted } from "./words";

export interface Narrow {
  readonly element: HTMLElement;
  readonly narrowing: Narrowing;
  /** What the held element says, and what the chosen rule's events said. */
  offer(said: string, preview: Preview | undefined): void;
  clear(): void;
}

const PROPERTIES = [
  "browser", "os", "device_type", "language", "host", "path", "query", "title", "referrer_host", "href", "label", "target_text",
  "utm_source", "utm_medium", "utm_campaign", "viewport_width",
];
const OPERATORS: Operator[] = ["is", "is_not", "contains", "not_contains", "matches", "gt", "lt", "is_set", "is_not_set"];
const NO_VALUE = /set$/;

/** `changed` is called when something else is asked for: typing is given a moment. */
export function narrow(changed: () => void): Narrow {
  const text = texts(later(changed, 0), later(changed));
  const page = pages(later(changed, 0));
  const where = property(later(changed));
  const element = h("details", { class: "narrow" }, h("summary", {}, "Narrow it down"), text.element, page.element, where.element);
  element.addEventListener("toggle", () => element.scrollIntoView({ block: "nearest" }));
  return {
    element,
    get narrowing() {
      return { text: text.test(), path: page.test(), where: where.predicate() };
    },
    offer(said, preview) {
      text.offer(said, preview);
      page.offer();
    },
    clear() {
      text.clear();
      page.clear();
      where.clear();
    },
  };
}

const row = (words: string, ...controls: HTMLElement[]): HTMLElement => h("div", { class: "row" }, h("span", {}, words), ...controls);

function texts(chosen: () => void, typed: () => void) {
  let options: (string | null)[] = []; // null: any; the last: whatever is typed.
  const select = choice("Text", [], () => {
    typing.hidden = select.selectedIndex < options.length;
    chosen();
    if (!typing.hidden) typing.focus();
  });
  const typing = h("input", { "aria-label": "Part of the text", placeholder: "part of the text", hidden: true, on: { input: typed } });

  function offer(said: string, preview: Preview | undefined): void {
    const before = options[select.selectedIndex];
    const isTyped = select.selectedIndex >= options.length && options.length > 0;
    const seen = preview?.texts?.top.map((each) => each.text) ?? [];
    options = [null, ...new Set([said, ...seen, before].filter((each): each is string => !!each).slice(0, 8))];
    fill(select, ...options.map((each) => h("option", {}, each === null ? "any text" : `is ${quoted(each, 30)}`)), h("option", {}, "contains…"));
    select.selectedIndex = isTyped ? options.length : Math.max(0, options.indexOf(before ?? null));
  }

  function test(): Test | undefined {
    const value = options[select.selectedIndex];
    if (value) return { op: "is", value };
    const part = typing.hidden ? "" : typing.value.trim();
    return part ? { op: "contains", value: part } : undefined;
  }

  function clear(): void {
    select.selectedIndex = 0;
    typing.hidden = true;
    typing.value = "";
  }

  return { element: row("Text", select, typing), offer, test, clear };
}

function pages(chosen: () => void) {
  let path = "";
  let tests: (Test | undefined)[] = [];
  const select = choice("Page", [], chosen);

  /** The address may have changed since: then nothing of it is chosen any more. */
  function offer(): void {
    if (path === location.pathname) return;
    path = location.pathname;
    const like = likePath(path);
    tests = [undefined, { op: "is", value: path }, like && { op: "matches", value: like.pattern }];
    const words = ["any page", `this page, ${cut(path, 30)}`, like && `pages like ${cut(like.shown, 30)}`];
    fill(select, ...words.filter(Boolean).map((each) => h("option", {}, each)));
  }

  return { element: row("Page", select), offer, test: () => tests[select.selectedIndex], clear: () => void (select.selectedIndex = 0) };
}

function property(typed: () => void) {
  const name = h("input", { "aria-label": "Property", placeholder: "property", list: "properties", on: { input: typed } });
  const op = choice("How it compares", OPERATORS.map(operator), () => {
    value.hidden = NO_VALUE.test(OPERATORS[op.selectedIndex]!);
    typed();
  });
  const value = h("input", { "aria-label": "Value", placeholder: "value", on: { input: typed } });
  const known = h("datalist", { id: "properties" }, ...PROPERTIES.map((each) => h("option", { value: each })));

  function predicate(): Predicate | undefined {
    const operator = OPERATORS[op.selectedIndex]!;
    const given = { property: name.value.trim(), op: operator };
    if (!given.property || (!NO_VALUE.test(operator) && !value.value)) return undefined;
    return NO_VALUE.test(operator) ? given : { ...given, value: valueOf(value.value) };
  }

  function clear(): void {
    name.value = value.value = "";
  }

  return { element: row("Where", name, op, value, known), predicate, clear };
}
