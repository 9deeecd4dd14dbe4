// What rules would have counted: asked of the same engine as every report, remembered for as long as the page lives.

import type { Desk } from "./desk";
import type { Preview, Rule } from "./answers";
import { Problem } from "./api";
import { fill, h, type Child } from "./markup";
import { skeleton, trouble } from "./parts";
import { everyDay, firstDay, sparkline } from "./sparkline";
import { counted, cut, figure, quoted, share } from "./words";

const known = new Map<string, Promise<Preview>>();

/** Asked again after names have changed, since overlaps change with them. */
export const forgetHistories = (): void => known.clear();

export function historyOf(desk: Desk, rules: Rule[], against?: Rule[]): Promise<Preview> {
  const body = JSON.stringify({ rules, against, from: firstDay() });
  const before = known.get(body);
  if (before) return before;
  const asked = desk.api.ask<Preview>("POST", "events/preview", { body }).then(({ answer }) => answer);
  known.set(body, asked);
  asked.catch(() => known.delete(body));
  return asked;
}

export interface History {
  readonly element: HTMLElement;
  /** The last answer that was shown. */
  readonly preview: Preview | undefined;
  show(rules: Rule[], against?: Rule[]): Promise<void>;
  /** Takes the room of an answer that will be asked for in a moment. */
  expect(): void;
}

/** Events, persons and days of rules; an answer that was overtaken by another question is dropped. */
export function history(desk: Desk, shown?: (preview: Preview) => void, words: (preview: Preview) => Child[] = (preview) => figures(preview)): History {
  const element = h("div", { class: "history" }, skeleton(2));
  let turn = 0;
  let preview: Preview | undefined;

  async function show(rules: Rule[], against?: Rule[]): Promise<void> {
    const mine = ++turn;
    preview = undefined;
    expect();
    const late = setTimeout(() => mine === turn && fill(element, skeleton(2)), 120); // A quick answer does not flicker.
    try {
      const answer = await historyOf(desk, rules, against);
      if (mine !== turn) return;
      preview = answer;
      fill(element, ...words(answer));
      shown?.(answer);
    } catch (error) {
      if (mine === turn) fill(element, trouble(error as Problem, () => void show(rules, against)));
    } finally {
      clearTimeout(late);
    }
  }

  function expect(): void {
    if (!element.firstChild) fill(element, skeleton(2));
  }

  return {
    element,
    get preview() {
      return preview;
    },
    show,
    expect,
  };
}

const saidAlways = (text: string | null | undefined): string => (text ? `always says ${quoted(text, 24)}` : "says nothing");

/** "1,204 events by 310 persons", the days, what was said where, and which other names than their own the events bear. */
export function figures(preview: Preview, own?: string): Child[] {
  const { daily, events, persons } = preview;
  if (!events) return [h("p", { class: "muted" }, "None in the last 90 days.")];
  return [
    sparkline(everyDay(daily)),
    h("p", { class: "counts" }, h("b", {}, figure(events)), events === 1 ? " event by " : " events by ",
      h("b", {}, figure(persons)), persons === 1 ? " person" : " persons", h("span", { class: "period" }, " in 90 days")),
    h("p", { class: "facts" }, ...facts(preview, own)),
  ];
}

function facts({ texts, pages, overlaps, events }: Preview, own?: string): Child[] {
  const said = [
    texts && (texts.distinct === 1 ? saidAlways(texts.top[0]?.text) : counted(texts.distinct, "different text")),
    pages && (pages.distinct === 1 ? `only on ${cut(pages.top[0]?.path ?? "/", 28)}` : `on ${counted(pages.distinct, "page")}`),
  ].filter(Boolean);
  const also = overlaps.filter(({ name }) => name !== own).slice(0, 3).map(({ name, events: both }) =>
    h("span", { class: "also", title: counted(both, "event") }, `${share(both, events)} already in ${quoted(name, 26)}`));
  return [h("span", {}, said.join(" · ")), ...also];
}
