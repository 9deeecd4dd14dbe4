// The named events, and which of them the elements of this page bear.

import type { Api, Problem } from "./api";
import type { Named, Rule } from "./answers";
import { bears, foundBy } from "./finding";

export interface Names {
  /** Undefined until they have come. */
  readonly all: Named[] | undefined;
  readonly problem: Problem | undefined;
  /** Asks for them anew: first what they are, which is quick, then what they counted. */
  load(): Promise<void>;
  /** Puts one that was saved in its place, or takes one away. */
  put(name: string, saved: Named | null): void;
  get(name: string): Named | undefined;
  bornBy(element: Element): Named[];
  onChange(listener: () => void): void;
}

const DAYS = 90;

export function namesFrom(api: Api): Names {
  let all: Named[] | undefined;
  let problem: Problem | undefined;
  let loads = 0;
  const listeners: (() => void)[] = [];

  const changed = (): void => listeners.forEach((listener) => listener());

  async function ask(path: string, load: number): Promise<void> {
    const { answer } = await api.ask<{ events: Named[] }>("GET", path);
    if (load !== loads) return;
    all = answer.events.map((named) => ({ ...known(named), ...named }));
    problem = undefined;
    changed();
  }

  /** Figures of the same version stay until new ones have come. */
  const known = ({ name, version }: Named): Partial<Named> | undefined =>
    all?.find((before) => before.name === name && before.version === version);

  async function load(): Promise<void> {
    const load = ++loads;
    try {
      if (!all) await ask("events", load);
      await ask(`events?activity=${DAYS}`, load);
    } catch (error) {
      if (load !== loads) return;
      problem = error as Problem;
      changed();
    }
  }

  function put(name: string, saved: Named | null): void {
    loads++; // What is on its way does not know of this.
    const others = (all ?? []).filter((each) => each.name !== name);
    all = saved ? [...others, saved].sort((a, b) => (a.name < b.name ? -1 : 1)) : others;
    changed();
    void load();
  }

  return {
    get all() {
      return all;
    },
    get problem() {
      return problem;
    },
    load,
    put,
    get: (name) => all?.find((named) => named.name === name),
    bornBy: (element) => (all ?? []).filter(({ rules }) => rules.some((rule) => bears(element, rule))),
    onChange: (listener) => void listeners.push(listener),
  };
}

/** The elements of this page that bear a name. */
export const bearersOf = (rules: Rule[]): Element[] => [...new Set(rules.flatMap(foundBy))];

/** Names of rules that speak of pages or tracked events alone are on no element. */
export const pathOf = (name: string): string => `events/${encodeURIComponent(name)}`;
