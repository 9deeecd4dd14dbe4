// A line of days: how often something happened on each.

import { h, svg } from "./element";
import { counted } from "./figures";

const WIDTH = 240;
const HEIGHT = 36;

export function sparkline(values: number[]): HTMLElement {
  const most = Math.max(1, ...values);
  const x = (at: number): number => Math.round((WIDTH * at * 10) / Math.max(1, values.length - 1)) / 10;
  const y = (value: number): number => Math.round((HEIGHT - 2 - ((HEIGHT - 5) * value) / most) * 10) / 10;
  const line = values.map((value, at) => `${at ? "L" : "M"}${x(at)} ${y(value)}`).join("");
  const words = `Daily for ${values.length} days: at most ${counted(Math.max(0, ...values), "event")}, ${counted(values.at(-1) ?? 0, "event")} today`;
  return h(
    "span",
    { class: "spark", role: "img", "aria-label": words, title: words },
    svg(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" },
      svg("path", { class: "area", d: `${line}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z` }),
      svg("path", { class: "line", d: line }),
    ),
  );
}
