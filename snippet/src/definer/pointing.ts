// The screen on which elements are pointed at, a rule is chosen for one, narrowed and named.

import { lineage, nameOf, matches } from "../dom";
import { isIgnored } from "../privacy";
import { newest, Problem } from "./api";
import type { Candidate, Candidates, Rule } from "./answers";
import { choices, outlineFound } from "./choices";
import { crumbs } from "./crumbs";
import type { Desk, Screen } from "./desk";
import { isFrame, outline } from "./frames";
import { returnFocus } from "./hearing";
import { history, historyOf } from "./history";
import { fill, h } from "./markup";
import { meantOf, stands } from "./finding";
import { narrow } from "./narrow";
import { narrowed } from "./narrowing";
import { adding } from "./adding";
import { button, choice, field, note, skeleton, trouble } from "./parts";
import { saving } from "./saving";
import { askingFor } from "./tables";
import { view } from "./view";
import { describeShort, kindOf, saidBy, suggestedName, VERBS } from "./words";

export interface Pointing extends Screen {
  readonly held: Element | undefined;
  hold(target: Element): void;
  /** Lets go of what the page has taken away. */
  check(): void;
  /** Whether there was anything to let go of; with it the page may get back the focus. */
  letGo(back?: boolean): boolean;
  /** A rule whose element is not held. */
  take(rule: Rule, words: string, name: string, stability: number): void;
  /** The invitation says something else, if that is what is shown. */
  invite(): void;
  /** The focus goes to what was found. */
  focus(): void;
}

export function pointing(desk: Desk, invitation: () => HTMLElement): Pointing {
  const element = h("section", { class: "screen" });
  const summary = h("div", { class: "summary" });
  const found = h("div");
  const effect = h("div", { class: "effect" });
  const way = crumbs(hold, (looked) => outline("hover", looked ? [looked] : [], looked ? describeShort(looked) : ""));
  const offered = choices(desk, weigh);
  const asked = narrow(weigh);
  const name = saving(desk, current, (...words) => {
    letGo();
    fill(element, ...words);
  });
  const widened = history(desk);
  const asking = newest();
  let held: Element | undefined;
  let invited: HTMLElement | undefined;
  let path: Element[] = [];
  let on = "click";
  let suggested = (_: Candidate): string => "";

  function hold(target: Element): void {
    if (target === held) return;
    const inwards = path.includes(target) ? path : lineage(target);
    const meant = path.includes(target) ? target : meantOf(inwards);
    if (isFrame(meant)) return refuse(meant, "A frame has a page of its own. Open that page by itself to define events on it.");
    if (isIgnored(lineage(meant))) return refuse(meant, "Nothing is captured here: the element stands inside data-backsight-ignore.");
    path = inwards;
    held = meant;
    on = typesOf(meant)[0]!;
    outline("hover", []);
    outline("held", [meant], describeShort(meant));
    describe(meant);
    way.show(path, meant);
    asked.clear();
    void ask();
  }

  function describe(meant: Element): void {
    const types = typesOf(meant);
    const names = desk.names.bornBy(meant);
    const when = choice("When", types.map((type) => VERBS[type] ?? type), (index) => {
      on = types[index]!;
      void ask();
    });
    fill(summary, h("h2", {}, describeShort(meant)), types.length > 1 ? field("Counts when it", when) : null,
      names.length > 0 && h("p", { class: "bears" }, "Counts already as ", ...names.map((named) => button(named.name, () => desk.open(named), "name"))));
    fill(element, way.element, summary, found);
    desk.say(`Held: ${describeShort(meant)}`);
  }

  async function ask(): Promise<void> {
    if (!held) return;
    const signal = asking();
    const subject = held;
    outline("match", []);
    fill(found, skeleton(6));
    try {
      const { answer } = await desk.api.ask<Candidates>("POST", "elements/candidates", { body: askingFor(subject, on), signal });
      if (!signal.aborted) offer(answer, ({ scope }) => suggestedName(subject, on, scope));
    } catch (error) {
      if (!signal.aborted) fill(found, trouble(error as Problem, () => void ask()));
    }
  }

  function offer({ candidates, left_out = [] }: Candidates, suggest: (candidate: Candidate) => string): void {
    suggested = suggest;
    const left = left_out.length > 0 && h("details", { class: "left" }, h("summary", {}, "What was left out, and why"),
      h("ul", {}, ...left_out.map(({ token, why }) => h("li", {}, h("code", {}, token), ` ${why}`))));
    const end = view.draft?.pointing ? adding(desk, current, view.draft) : name;
    name.begin();
    fill(found, h("h3", { class: "label" }, "What should count?"), offered.element, asked.element, effect, left, end.element);
    offered.show(candidates);
    if (view.draft?.pointing) offered.element.querySelector<HTMLElement>("[tabindex='0']")?.focus();
  }

  function current(): Rule | undefined {
    return offered.chosen && narrowed(offered.chosen.rule, asked.narrowing);
  }

  /** Another rule is meant, or its figures have come: says what it finds and counts. */
  function weigh(): void {
    const rule = current();
    const own = offered.chosen?.rule;
    if (!rule || !own) return;
    outlineFound(desk, rule);
    name.suggest(suggested(offered.chosen!));
    asked.offer(held ? saidBy(held) : "", offered.history?.preview);
    const isNarrow = JSON.stringify(rule) !== JSON.stringify(own);
    fill(effect, isNarrow && h("h3", { class: "label" }, "Narrowed down"), isNarrow && widened.element);
    if (isNarrow) void widened.show([rule]);
    name.counts(undefined);
    historyOf(desk, [rule]).then((preview) => JSON.stringify(current()) === JSON.stringify(rule) && name.counts(preview), () => undefined);
  }

  function refuse(meant: Element, words: string): void {
    letGo();
    outline("held", [meant], kindOf(meant));
    const address = nameOf(meant) === "iframe" && (meant as HTMLIFrameElement).src;
    fill(element, note("warn", h("p", {}, words), address && h("p", { class: "muted" }, address)), (invited = invitation()));
    desk.say(words);
  }

  function take(rule: Rule, words: string, given: string, stability: number): void {
    letGo();
    fill(summary, h("h2", {}, words), h("p", { class: "muted" }, "Found in what was captured; it need not be on this page."));
    fill(element, summary, found);
    offer({ candidates: [{ rule, scope: "element", words, css: rule.css ?? null, on_page: 0, stability, why: [] }] }, () => given);
  }

  function letGo(back = false): boolean {
    const any = !!held || found.isConnected;
    if (any && back) returnFocus();
    asking();
    held = undefined;
    path = [];
    for (const kind of ["held", "match", "hover"] as const) outline(kind, []);
    invite();
    if (any) desk.say("Let go");
    return any;
  }

  function invite(): void {
    invited = invitation();
    fill(element, invited);
  }

  invite();
  return {
    element,
    get held() {
      return held;
    },
    check: () => held && !stands(held) && letGo(),
    hold,
    letGo,
    take,
    invite: () => element.firstElementChild === invited && invite(),
    focus: () => element.querySelector<HTMLElement>(".crumb[tabindex='0'],[tabindex='0']")?.focus(),
    shown: () => held && outline("held", [held], describeShort(held)),
    hidden: () => (["held", "match", "hover"] as const).forEach((kind) => outline(kind, [])),
  };
}

const CONTROLS = "input:not([type=button],[type=submit],[type=reset],[type=image]),select,textarea";

/** What can happen to an element, the likeliest first. */
function typesOf(element: Element): string[] {
  if (matches(element, "form")) return ["submit", "click"];
  return matches(element, CONTROLS) ? ["change", "focus", "click"] : ["click"];
}

