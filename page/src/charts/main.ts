// Vega and Vega-Lite, with as much of them as our charts need. Expressions are interpreted: the page's policy takes no
// code that is made of texts.

import { transforms } from "vega-dataflow";
import * as encoding from "vega-encode";
import { expressionInterpreter } from "vega-interpreter";
import { compile, type Config, type TopLevelSpec } from "vega-lite";
import { parse } from "vega-parser";
import * as transforming from "vega-transforms";
import { Error as ErrorLevel, extend, logger } from "vega-util";
import { View } from "vega-view";
import * as arranging from "vega-view-transforms";
import * as nearest from "vega-voronoi";
import { apart, contained, resized, type Spec, stretches } from "./fitting";
import { THEMES } from "./themes";
import { hideTooltip, showTooltip } from "./tooltip";

extend(transforms, transforming, arranging, encoding, nearest);

export interface Drawn {
  element: HTMLElement;
  finish(): void;
}

/** A chart's data come with it: nothing is loaded from anywhere. */
const loader = {
  load: () => Promise.reject(new Error("charts load nothing")),
  sanitize: () => Promise.reject(new Error("charts link to nothing")),
};
/** What Vega-Lite drops of a specification, such as a fit that a chart does not need, is nobody's fault here. */
const quiet = logger(ErrorLevel);
const STRETCHED = 1.4;

/** The chart as an element, as wide as there is room for, as far as what is in it stays readable; else wider. */
export async function draw(spec: Spec, theme: keyof typeof THEMES, width: number): Promise<Drawn> {
  const views = apart(spec);
  if (views.length === 1) return alone(spec, theme, width);
  const parts = await Promise.all(views.map((view) => alone(view, theme, width)));
  const element = document.createElement("div");
  for (const part of parts) {
    part.element.style.marginBottom = "16px";
    element.append(part.element);
  }
  return { element, finish: () => parts.forEach((part) => part.finish()) };
}

async function alone(spec: Spec, theme: keyof typeof THEMES, width: number): Promise<Drawn> {
  const config = THEMES[theme] as unknown as Config;
  const first = await drawn(contained(spec, width), config);
  if (spec.width === "container") return first;
  const natural = widthOf(first);
  const wanted = Math.min(width, stretches(spec) ? natural * STRETCHED : natural);
  if (Math.abs(wanted - natural) < 4) return first;
  // Of the width a part is axes and legends, which do not shrink: two measures tell how large that is.
  const ratio = wanted / natural;
  const second = await drawn(resized(spec, ratio), config);
  first.finish();
  const rest = widthOf(second);
  if (Math.abs(rest - wanted) < 4 || rest === natural) return second;
  const exact = ratio + ((wanted - rest) * (1 - ratio)) / (natural - rest);
  const third = await drawn(resized(spec, Math.max(0.2, exact)), config);
  second.finish();
  return third;
}

async function drawn(spec: Spec, config: Config): Promise<Drawn> {
  const element = document.createElement("div");
  const { spec: compiled } = compile(spec as unknown as TopLevelSpec, { config, logger: quiet });
  const view = new View(parse(compiled, undefined, { ast: true }), {
    renderer: "svg",
    expr: expressionInterpreter,
    container: element,
    hover: false,
    loader,
    tooltip: (_handler, event, _item, value) => showTooltip(event, value),
  });
  await view.runAsync();
  // To who does not see it a chart is one picture with its description; its figures are in the table beside it.
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", String(spec.description ?? "chart"));
  element.querySelector("svg")?.setAttribute("aria-hidden", "true");
  return { element, finish: () => (hideTooltip(), view.finalize()) };
}

const widthOf = ({ element }: Drawn): number => Number(element.querySelector("svg")?.getAttribute("width")) || 1;
