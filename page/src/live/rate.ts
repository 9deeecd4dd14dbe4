// How much came in, minute by minute.

import { fill, svg } from "../element";
import { counted, figure } from "../figures";
import type { Told } from "./feed";

const HEIGHT = 44;
const STEP = 10;

/** Bars of the minutes, the one that is not over last; "12 events this minute". */
export function drawRate(host: HTMLElement, minutes: Told["minutes"]): string {
  const counts = minutes.map(({ events }) => events);
  const most = Math.max(...counts, 4);
  const bars = counts.map((count, at) => {
    const height = count ? Math.max(2, (HEIGHT * count) / most) : 1;
    return svg("rect", { x: at * STEP + 1, y: HEIGHT - height, width: STEP - 2, height, rx: 1.5, class: count ? "bar" : "none" });
  });
  const total = counts.reduce((sum, count) => sum + count, 0);
  const words = `${counted(total, "event")} in the last ${counts.length} minutes, at most ${figure(Math.max(0, ...counts))} a minute`;
  host.setAttribute("aria-label", words);
  host.title = words;
  fill(host, svg("svg", { viewBox: `0 0 ${counts.length * STEP} ${HEIGHT}`, preserveAspectRatio: "none" }, bars));
  return `${counted(total, "event")} came in within ${counts.length} minutes`;
}
