// A report: its chart, its tables, and what a reader of the figures should know.

import { h } from "../element";
import { ago, moment } from "../figures";
import { note } from "../parts";
import type { Answered, Meta } from "./answered";
import { chartOf } from "./chart";
import { tableOf } from "./table";

export function shown({ answer, spec, tables }: Answered, words: string, signal: AbortSignal): HTMLElement {
  const { meta } = answer;
  return h(
    "div",
    { class: "answered" },
    meta.warnings.map((warning) => note("warn", warning)),
    chartOf(spec, `Chart: ${words}. The table below says the same.`, signal),
    tables.map(tableOf),
    provenance(meta),
  );
}

/** Of when the figures are. */
function provenance({ now, watermark, ms }: Meta): HTMLElement {
  return h(
    "p",
    { class: "footnote provenance" },
    "Computed ",
    h("time", { datetime: now, title: moment(now) }, moment(now)),
    // A shared report does not tell it.
    ms !== undefined && ` in ${ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`}`,
    watermark && [", of all that came until ", h("time", { datetime: watermark, title: moment(watermark) }, ago(watermark, Date.parse(now)) === "now" ? "then" : moment(watermark))],
    ".",
  );
}
