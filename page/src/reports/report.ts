// A saved report as the API tells it.

import type { Answered } from "../answer/answered";
import type { Json } from "../api";
import { counted } from "../figures";

export interface Saved {
  name: string;
  report: string;
  request: Json;
  description: string;
  version: number;
  at: string;
  /** Why it can't be asked at present. */
  broken: string | null;
}

export interface SavedAnswer extends Answered {
  name: string;
  report: string;
  description: string;
  request: Json;
}

/** What a link opens: its question is not told but for the range. */
export interface SharedAnswer extends Omit<SavedAnswer, "request"> {
  range: Json;
}

const KINDS: Record<string, string> = {
  funnel: "Funnel", retention: "Retention", trend: "Trend", lifecycle: "Lifecycle", stickiness: "Stickiness", paths: "Paths",
  attribution: "Attribution", signals: "Signals", activity: "Activity", elements: "Elements without a name", doctor: "Doctor",
};

export const kindName = (report: string): string => KINDS[report] ?? report;

/** What it asks, in a line: its steps, and since when. */
export function gist(report: string, request: Json): string {
  const steps = (request.steps ?? request.series ?? [request.start, request.return, request.event, request.conversion].filter(Boolean)) as unknown[];
  const said = steps.map(labelOf).join(report === "trend" ? ", " : " → ");
  return [said, span(request)].filter(Boolean).join(" · ");
}

/** What a step is called. */
export function labelOf(step: unknown): string {
  if (typeof step === "string") return step;
  const { label, event, name, on, css } = (step ?? {}) as Record<string, unknown>;
  return String(label ?? event ?? name ?? [[on ?? "event"].flat().join(" or "), css].filter(Boolean).join(" "));
}

const UNITS: Record<string, string> = { h: "hour", d: "day", w: "week" };

export function span({ from, to }: Json): string {
  const [, count, unit] = /^(\d+)([hdw])$/.exec(String(from ?? "")) ?? [];
  if (count && unit && !to) return `last ${counted(Number(count), UNITS[unit] ?? unit)}`;
  if (!from && !to) return "";
  return [from && `from ${String(from)}`, to && `to ${String(to)}`].filter(Boolean).join(" ");
}
