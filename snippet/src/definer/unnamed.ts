// The screen of what is clicked most and has no name yet.

import { newest, Problem } from "./api";
import type { Unnamed } from "./answers";
import type { Desk, Screen } from "./desk";
import { foundBy } from "./finding";
import { outline } from "./frames";
import { fill, h, looking } from "./markup";
import { button, skeleton, trouble } from "./parts";
import { counted, cut, onPage } from "./words";

const ASKED = "elements?limit=20&days=30";

export function unnamed(desk: Desk): Screen {
  const element = h("section", { class: "screen" });
  const list = h("div", { class: "list" });
  const asking = newest();
  fill(element, h("p", { class: "muted" }, "Clicked most in the last 30 days, without a name."), list);

  async function draw(): Promise<void> {
    const signal = asking();
    fill(list, skeleton(6));
    try {
      const { answer } = await desk.api.ask<{ elements: Unnamed[] }>("GET", ASKED, { signal });
      if (signal.aborted) return;
      fill(list, ...answer.elements.map(row), !answer.elements.length && h("p", { class: "muted" }, "No clicks without a name in the last 30 days."));
    } catch (error) {
      if (!signal.aborted) fill(list, trouble(error as Problem, () => void draw()));
    }
  }

  function row(each: Unnamed): HTMLElement {
    const { rule, words, name, events, persons, stability } = each;
    const found = foundBy(rule);
    const item = h("div", { class: "item" },
      h("div", { class: "head" }, h("b", {}, words), h("span", { class: "here" }, onPage(found.length))),
      h("p", { class: "facts" }, `${counted(events, "click")} by ${counted(persons, "person")} · ${placesOf(each)}`),
      h("div", { class: "buttons" },
        button("Name it", () => desk.define(rule, words, name, stability), "", { "aria-label": `Name it ${name}`, title: name }),
        found[0] && button("Show it", () => pointTo(found[0]!), "quiet", { "aria-label": `Show it: ${words}` })));
    return looking(item, (isLooking) => outline("match", isLooking ? found : []));
  }

  function pointTo(target: Element): void {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    target.scrollIntoView({ block: "center", behavior: still ? "auto" : "smooth" });
    desk.point(target);
  }

  return { element, shown: () => void draw(), hidden: () => outline("match", []) };
}

function placesOf({ pages }: Unnamed): string {
  const paths = pages.map((page) => (typeof page === "string" ? page : page.path));
  return paths.length === 1 ? `on ${cut(paths[0]!, 30)}` : `on ${counted(paths.length, "page")}`;
}
