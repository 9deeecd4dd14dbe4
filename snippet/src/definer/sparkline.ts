// A line of days: how often something happened on each.

import { h, svg } from "./markup";
import { counted } from "./words";

const WIDTH = 300;
const HEIGHT = 34;
const DAYS = 90;
const DAY_MS = 86_400_000;

const dateOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** The first of the last 90 days, in UTC, as questions say it. */
export const firstDay = (): string => dateOf(Date.now() - (DAYS - 1) * DAY_MS);

/** Days that are not listed had nothing. */
export function everyDay(daily: { date: string; events: number }[]): number[] {
  const known = new Map(daily.map(({ date, events }) => [date, events]));
  const now = Date.now();
  return Array.from({ length: DAYS }, (_, i) => known.get(dateOf(now - (DAYS - 1 - i) * DAY_MS)) ?? 0);
}

export function sparkline(values: number[]): Element {
  const most = Math.max(1, ...values);
  const x = (i: number): number => Math.round((WIDTH * i * 10) / Math.max(1, values.length - 1)) / 10;
  const y = (value: number): number => Math.round((HEIGHT - 2 - ((HEIGHT - 5) * value) / most) * 10) / 10;
  const line = values.map((value, i) => `${i ? "L" : "M"}${x(i)} ${y(value)}`).join("");
  const words = `Daily for ${values.length} days: at most ${counted(Math.max(0, ...values), "event")}, ${counted(values[values.length - 1] ?? 0, "event")} today`;
  return h(
    "div",
    { class: "spark", role: "img", "aria-label": words, title: words },
    svg(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" },
      svg("path", { class: "area", d: `${line}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z` }),
      svg("path", { class: "line", d: line }),
    ),
  );
}
