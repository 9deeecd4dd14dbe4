// The candidates for the held element: what each says, its history, and where else on the page it holds.

import type { Candidate, Rule } from "./answers";
import type { Desk } from "./desk";
import { foundBy } from "./finding";
import { outline } from "./frames";
import { history, type History } from "./history";
import { fill, h } from "./markup";
import { rove, roving } from "./roving";
import { counted, onPage } from "./words";

export interface Choices {
  readonly element: HTMLElement;
  readonly chosen: Candidate | undefined;
  /** That of the chosen one. */
  readonly history: History | undefined;
  show(candidates: Candidate[]): void;
}

/** `changed` is called when another candidate is chosen, or the chosen one's history has come. */
export function choices(desk: Desk, changed: () => void): Choices {
  let all: Candidate[] = [];
  let cards: HTMLElement[] = [];
  let histories: History[] = [];
  let at = 0;
  const element = h("div", {
    class: "choices",
    role: "radiogroup",
    "aria-label": "What should count",
    on: { keydown: roving(() => cards, choose) },
  });

  function show(candidates: Candidate[]): void {
    all = candidates;
    histories = all.map((_, i) => history(desk, () => i === at && changed()));
    cards = all.map(card);
    fill(element, ...cards);
    choose(0);
    all.forEach(({ rule }, i) => void histories[i]!.show([rule]));
  }

  function card(candidate: Candidate, index: number): HTMLElement {
    const { words, css, rule } = candidate;
    return h(
      "div",
      { class: "choice", role: "radio", "aria-labelledby": `head-${index}`, "aria-describedby": `more-${index}`, on: { click: () => choose(index) } },
      h("div", { class: "head", id: `head-${index}` }, h("b", {}, words), h("span", { class: "here" }, onPage(foundBy(rule).length))),
      css && h("code", { class: "css" }, css),
      h("div", { class: "more", id: `more-${index}` }, histories[index]!.element, steadiness(candidate)),
    );
  }

  function choose(index: number): void {
    at = index;
    cards.forEach((each, i) => {
      each.setAttribute("aria-checked", String(i === index));
      each.classList.toggle("compact", i !== index);
    });
    rove(cards, index);
    changed();
  }

  return {
    element,
    get chosen() {
      return all[at];
    },
    get history() {
      return histories[at];
    },
    show,
  };
}

const LEVELS: [number, string, string][] = [
  [0.8, "steady", "Steady"],
  [0.5, "fair", "Fairly steady"],
  [0, "shaky", "May not last"],
];

/** How long such a selector has lasted on captured pages, and why. */
function steadiness({ stability, why }: Candidate): HTMLElement {
  const [, kind, words] = LEVELS.find(([least]) => stability >= least) ?? LEVELS[2]!;
  return h("p", { class: `steadiness ${kind}` }, h("span", { class: "dot" }), h("b", {}, words), why.length > 0 && h("span", { class: "why" }, `: ${why.join("; ")}`));
}

/** Outlines what a rule finds on this page, and says how many. */
export function outlineFound(desk: Desk, rule: Rule): void {
  const found = foundBy(rule);
  outline("match", found);
  desk.say(`${counted(found.length, "element")} of this page`);
}
