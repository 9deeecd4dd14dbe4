// The screen of named events: all of them, with their days and what is on this page; those that fell silent first.

import type { Named } from "./answers";
import type { Desk, Screen } from "./desk";
import { outline } from "./frames";
import { fill, h, looking } from "./markup";
import { bearersOf } from "./names";
import { skeleton, toggle, trouble } from "./parts";
import { sparkline } from "./sparkline";
import { keep, view } from "./view";
import { amount, day, figure, onPage } from "./words";

export function listed(desk: Desk, badgesChanged: () => void): Screen {
  const element = h("section", { class: "screen" });
  const list = h("div", { class: "list" });
  const filter = h("input", { type: "search", "aria-label": "Find a name", placeholder: "Find a name", on: { input: draw } });
  const badges = toggle("Show names on the page", view.badges, (isOn) => {
    keep({ badges: isOn });
    badgesChanged();
  });
  fill(element, h("div", { class: "bar" }, filter, badges), list);

  function draw(): void {
    const { all, problem } = desk.names;
    if (problem && !all) return fill(list, trouble(problem, () => void desk.names.load()));
    if (!all) return fill(list, skeleton(5));
    const sought = filter.value.trim().toLowerCase();
    const shown = all.filter(({ name }) => name.toLowerCase().includes(sought)).sort((a, b) => Number(isSilent(b)) - Number(isSilent(a)));
    const none = all.length ? "No name has that in it." : "Nothing has a name yet. Point at something and click it.";
    fill(list, problem && trouble(problem, () => void desk.names.load()), ...shown.map(row), !shown.length && h("p", { class: "muted" }, none));
  }

  const row = (named: Named): HTMLElement => {
    const here = bearersOf(named.rules);
    const { activity } = named;
    const item = h(
      "button",
      { class: "item compact", on: () => desk.open(named) },
      h("div", { class: "head" }, h("b", {}, named.name), here.length > 0 && h("span", { class: "here" }, onPage(here.length))),
      activity
        ? h("div", { class: "history" }, sparkline(activity.daily),
            h("p", {}, amount(activity)))
        : skeleton(1),
      activity?.silent_since && h("p", { class: "silent" }, `Silent since ${day(activity.silent_since)}`),
      named.repair && h("p", { class: "silent" }, `Can be repaired: ${figure(named.repair.found.events)} events found`),
    );
    return looking(item, (isLooking) => outline("match", isLooking ? here : []));
  };

  desk.names.onChange(() => element.isConnected && draw());
  return { element, shown: draw, hidden: () => outline("match", []) };
}

const isSilent = ({ activity, repair }: Named): boolean => !!(activity?.silent_since || repair);
