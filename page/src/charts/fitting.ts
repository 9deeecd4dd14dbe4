// Makes charts wider and narrower: their widths are in the specification, in pixels or in pixels a category.

export type Spec = Record<string, unknown>;

const NARROWEST = 140;
/** A cell with its share in it. */
const NARROWEST_STEP = 40;

/** A chart that fills what it stands in, as one of that width. */
export const contained = (spec: Spec, width: number): Spec => (spec.width === "container" ? { ...spec, width } : spec);

/** The views of charts that stand below each other: one that is drawn alone can be as wide as there is room. */
export function apart(spec: Spec): Spec[] {
  if (!Array.isArray(spec.vconcat)) return [spec];
  return spec.vconcat.map((view: Spec) => ({
    $schema: spec.$schema,
    description: spec.description,
    ...view,
    ...(typeof view.width === "number" ? { width: "container", autosize: { type: "fit-x", contains: "padding" } } : {}),
    ...(typeof view.width === "number" && typeof view.title === "object"
      ? { title: { ...view.title, frame: "bounds", limit: { expr: "width" } } }
      : {}),
  }));
}

/** The same chart with its widths times the ratio. */
export function resized(spec: Spec, ratio: number): Spec {
  return Object.fromEntries(
    Object.entries(spec).map(([name, value]) => {
      if (name === "width") return [name, widened(value, ratio)];
      if (/^([hv]?concat|spec)$/.test(name)) return [name, Array.isArray(value) ? value.map((each: Spec) => resized(each, ratio)) : resized(value as Spec, ratio)];
      return [name, value];
    }),
  );
}

/** Whether it may be made wider than it is: where it has widths in pixels alone. */
export function stretches(spec: Spec): boolean {
  const parts = ["hconcat", "vconcat", "concat"].flatMap((name) => (spec[name] as Spec[] | undefined) ?? []);
  return parts.length ? parts.every(stretches) : typeof spec.width === "number";
}

function widened(width: unknown, ratio: number): unknown {
  if (typeof width === "number") return Math.max(Math.min(NARROWEST, width), Math.round(width * ratio));
  const step = (width as { step?: unknown } | null)?.step;
  return typeof step === "number" ? { ...(width as object), step: Math.max(Math.min(NARROWEST_STEP, step), step * ratio) } : width;
}
