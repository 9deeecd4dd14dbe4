// What is to be done about the site, and how it fares else.

import { asTrouble } from "../api";
import type { App } from "../app";
import { fill, h } from "../element";
import { counted } from "../figures";
import { icon } from "../icons";
import { failure, note } from "../parts";

interface Finding {
  check: string;
  state: "act" | "know" | "fine";
  words: string;
  do: string[];
}

/** Filled when the site was examined. */
export function examined(app: App, signal: AbortSignal): HTMLElement {
  const host = h("div", { class: "doctor", "aria-live": "polite" });
  void examine(app, host, signal);
  return host;
}

async function examine(app: App, host: HTMLElement, signal: AbortSignal): Promise<void> {
  try {
    const { findings } = await app.api.get<{ findings: Finding[] }>("doctor?days=30", signal);
    const act = findings.filter(({ state }) => state === "act");
    const rest = findings.filter(({ state }) => state !== "act");
    fill(host, act.map(toDo), restOf(rest, act.length));
  } catch (error) {
    if (!signal.aborted) fill(host, failure(asTrouble(error), () => void examine(app, host, signal)));
  }
}

const toDo = ({ words, do: todo }: Finding): HTMLElement =>
  note("warn", h("strong", { dir: "auto" }, words), todo.length > 0 && h("ul", {}, todo.map((each) => h("li", { dir: "auto" }, coded(each)))));

/** The doctor quotes what is to be typed in backticks. */
const coded = (words: string): (string | HTMLElement)[] => words.split("`").map((part, at) => (at % 2 ? h("code", {}, part) : part));

function restOf(findings: Finding[], acts: number): HTMLElement {
  const title = acts ? "What is fine" : `Health: ${findings.length ? `${counted(findings.length, "check")}, nothing to do` : "nothing to do"}`;
  return h(
    "details",
    { class: `health ${acts ? "" : "fine"}` },
    h("summary", {}, icon("check"), title),
    h("ul", {}, findings.map(({ words, state, do: todo }) => h("li", { class: state, dir: "auto" }, words, todo.map((each) => h("p", { class: "soft" }, coded(each)))))),
  );
}
