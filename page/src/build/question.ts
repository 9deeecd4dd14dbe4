// The question that is built: a report's request as the API takes it. What this page has no control for stays in it.

import type { Json } from "../api";
import { hashOf } from "../app";

export type Kind = "funnel" | "retention";

export interface Question {
  report: Kind;
  request: Json;
  /** Under which name it is saved already; empty where it is not. */
  saved: string;
}

export const isBuildable = (report: string): report is Kind => report === "funnel" || report === "retention";

const BEGINNINGS: Record<Kind, Json> = {
  funnel: { steps: [], window: "14d", from: "30d" },
  retention: { start: null, return: null, period: "week", periods: 8, from: "90d" },
};
const CONTROLLED: Record<Kind, string[]> = {
  funnel: ["steps", "window", "from", "count", "breakdown"],
  retention: ["start", "return", "period", "periods", "from", "breakdown"],
};

export const begun = (report: Kind): Question => ({ report, request: { ...BEGINNINGS[report] }, saved: "" });

/** The question that an address holds; a new one where it holds none. */
export function questionAt([report = "", request = "", saved = ""]: string[]): Question {
  const kind: Kind = isBuildable(report) ? report : "funnel";
  try {
    const given = JSON.parse(request) as Json | null;
    if (given && typeof given === "object" && !Array.isArray(given)) return { report: kind, request: checked(kind, given), saved };
  } catch {
    // An address that was cut begins anew.
  }
  return begun(kind);
}

export const addressOfQuestion = ({ report, request, saved }: Question): string => hashOf("build", report, JSON.stringify(request), ...(saved ? [saved] : []));

/** What has to stand there stands there. */
function checked(kind: Kind, request: Json): Json {
  if (kind === "retention") return request;
  return { ...request, steps: Array.isArray(request.steps) ? request.steps : [] };
}

/** Whether it can be asked. */
export function isWhole({ report, request }: Question): boolean {
  if (report === "retention") return Boolean(request.start && request.return);
  return (request.steps as unknown[]).length > 0;
}

/** What the request says beside what can be chosen here. */
export const others = ({ report, request }: Question): [string, unknown][] =>
  Object.entries(request).filter(([name, value]) => !CONTROLLED[report].includes(name) && value !== null && value !== undefined);

/** The request with a field set, or without it. */
export function withField({ report, request, saved }: Question, name: string, value: unknown): Question {
  const { [name]: _, ...rest } = request;
  return { report, request: value === undefined ? rest : { ...request, [name]: value }, saved };
}
