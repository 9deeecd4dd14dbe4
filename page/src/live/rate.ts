// How much came, minute by minute, as far as this page has heard it.

import { h, svg, fill } from "../element";
import { counted, figure } from "../figures";
import type { LiveEvent } from "./event";

const MINUTES = 30;
const MINUTE_MS = 60_000;
const HEIGHT = 44;
const STEP = 10;

export class Rate {
  readonly element = h("div", { class: "rate", role: "img" });
  #times: number[] = [];

  add(events: LiveEvent[]): void {
    this.#times.push(...events.map(({ time }) => Date.parse(time)));
  }

  /** Events of the last minute. */
  lastMinute(now = Date.now()): number {
    return this.#times.filter((time) => time > now - MINUTE_MS).length;
  }

  /** Draws it; the last bar is the minute up to now. */
  draw(now = Date.now()): void {
    this.#times = this.#times.filter((time) => time > now - MINUTES * MINUTE_MS);
    const counts = new Array<number>(MINUTES).fill(0);
    for (const time of this.#times) {
      const at = MINUTES - 1 - Math.max(0, Math.floor((now - time) / MINUTE_MS));
      counts[at] = (counts[at] ?? 0) + 1;
    }
    const most = Math.max(...counts, 4);
    const bars = counts.map((count, at) => {
      const height = count ? Math.max(2, (HEIGHT * count) / most) : 1;
      return svg("rect", { x: at * STEP + 1, y: HEIGHT - height, width: STEP - 2, height, rx: 1.5, class: count ? "bar" : "none" });
    });
    const words = `${counted(this.lastMinute(now), "event")} in the last minute, ${figure(this.#times.length)} in the last ${MINUTES}; at most ${figure(Math.max(...counts))} a minute`;
    this.element.setAttribute("aria-label", words);
    this.element.title = words;
    fill(this.element, svg("svg", { viewBox: `0 0 ${MINUTES * STEP} ${HEIGHT}`, preserveAspectRatio: "none" }, bars));
  }
}
