// The same question for an analyst: in Python, and as the request that the API takes.

import { addressOf, type Json } from "../api";
import { h } from "../element";
import { copyable } from "../parts";
import { literal } from "../python";

export function handOver(report: string, request: Json): HTMLElement {
  const asked = Object.fromEntries(Object.entries(request).filter(([, value]) => value !== null && value !== undefined));
  return h(
    "details",
    { class: "card quiet handover" },
    h("summary", {}, "The same in Python, or over HTTP"),
    inPython(report) && [h("p", {}, "Python:"), copyable(python(report, asked), "The question in Python")],
    h("p", {}, "HTTP:"),
    copyable(curl(report, asked), "The question over HTTP"),
  );
}

const POSITIONAL: Record<string, string[]> = {
  funnel: ["steps"], retention: ["start", "return"], trend: ["series"], lifecycle: ["event"], stickiness: ["event"], attribution: ["conversion", "by"], paths: [],
};

const inPython = (report: string): boolean => report in POSITIONAL;

/** `site.funnel(["A", "B"], window="14d", since="30d")`. */
export function python(report: string, request: Json): string {
  const first = POSITIONAL[report] ?? [];
  const given = Object.entries(request).filter(([name]) => !first.includes(name));
  const parts = [...first.filter((name) => name in request).map((name) => literal(request[name])), ...given.map(([name, value]) => `${parameter(name, value)}=${literal(value)}`)];
  return [`import backsight as bs`, ``, `site = bs.connect(${literal(location.origin)}, key="sk_…")`, `site.${report}(${parts.join(", ")})`].join("\n");
}

/** `from` and `return` are Python's own words; a span of days up to now is `since`. */
function parameter(name: string, value: unknown): string {
  if (name === "from") return /^\d+[dhmw]$/.test(String(value)) ? "since" : "from_";
  return name === "return" ? "return_" : name;
}

function curl(report: string, request: Json): string {
  const body = JSON.stringify(request).replaceAll("'", "'\\''");
  return `curl ${addressOf(`reports/${report}`)} -H "Authorization: Bearer $KEY" --json '${body}'`;
}
