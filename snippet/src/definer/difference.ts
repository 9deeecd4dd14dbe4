// What changed rules count that the saved ones do not, and the reverse.

import type { Preview } from "./answers";
import type { Desk } from "./desk";
import { history, type History } from "./history";
import { h, type Child } from "./markup";
import { sparkline, everyDay } from "./sparkline";
import { amount, counted, figure } from "./words";

export const difference = (desk: Desk): History => {
  const shown = history(desk, undefined, words);
  shown.element.replaceChildren();
  return shown;
};

function words({ events, persons, daily, difference: between }: Preview): Child[] {
  const { gained, lost } = between ?? { gained: { events: 0, persons: 0 }, lost: { events: 0, persons: 0 } };
  const before = events - gained.events + lost.events;
  return [
    h("p", { class: "counts" }, `${figure(before)} → `, h("b", {}, figure(events)), ` events in 90 days, by ${counted(persons, "person")}`),
    sparkline(everyDay(daily)),
    h("p", { class: "facts" },
      gained.events > 0 && h("span", { class: "gained" }, `gains ${amount(gained)}`),
      lost.events > 0 && h("span", { class: "lost" }, `loses ${amount(lost)}`),
      !gained.events && !lost.events && "counts the same events as before"),
  ];
}
