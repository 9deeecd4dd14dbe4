// Draws a specification, in the theme that stands; Vega is loaded for the first one.

import { fill, h } from "../element";
import { loading } from "../parts";
import { onTheme, theme } from "../theme";
import type { Drawn, draw as Draw } from "../charts/main";

let charts: Promise<{ draw: typeof Draw }> | undefined;

const loadCharts = (): Promise<{ draw: typeof Draw }> => (charts ??= load());

// What is not found is asked for again by the next chart.
async function load(): Promise<{ draw: typeof Draw }> {
  try {
    // @ts-expect-error It is built beside this file, and not a part of it.
    return await import("./charts.js");
  } catch (error) {
    charts = undefined;
    throw error;
  }
}

/** A chart that follows the theme and the width that it is given, until the signal falls. */
export function chartOf(spec: Record<string, unknown>, words: string, signal: AbortSignal): HTMLElement {
  const host = h("div", { class: "chart", role: "group", "aria-label": words }, loading("Drawing…"));
  let drawn: Drawn | undefined;
  let turn = 0;
  let width = 0;
  const draw = async (): Promise<void> => {
    const mine = ++turn;
    try {
      const { draw: drawing } = await loadCharts();
      if (signal.aborted || mine !== turn) return;
      const next = await drawing(spec, theme(), width);
      if (signal.aborted || mine !== turn) return next.finish();
      drawn?.finish();
      drawn = next;
      fill(host, next.element);
    } catch (error) {
      console.error("a chart can't be drawn:", error);
      fill(host, h("p", { class: "none" }, "The chart can't be drawn here; the table says the same."));
    }
  };
  const sized = new ResizeObserver(([entry]) => {
    const now = Math.floor(entry?.contentRect.width ?? 0);
    if (now === 0 || Math.abs(now - width) < 8) return;
    width = now;
    void draw();
  });
  sized.observe(host);
  onTheme(() => void draw(), signal);
  signal.addEventListener("abort", () => (sized.disconnect(), drawn?.finish()));
  return host;
}

