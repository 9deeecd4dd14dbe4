// What charts use of Vega's parts, which bring no types of their own.

declare module "vega-dataflow" {
  export const transforms: Record<string, unknown>;
}
declare module "vega-encode";
declare module "vega-transforms";
declare module "vega-view-transforms";
declare module "vega-voronoi";
declare module "vega-interpreter" {
  export const expressionInterpreter: unknown;
}
declare module "vega-parser" {
  export function parse(spec: object, config: undefined, options: { ast: true }): object;
}
declare module "vega-view" {
  type Tooltip = (handler: unknown, event: PointerEvent, item: unknown, value: unknown) => void;
  export const Warn: number;
  export class View {
    constructor(runtime: object, options: { renderer: "svg"; expr: unknown; container: Element; hover: boolean; logLevel?: number; tooltip: Tooltip; loader: object });
    runAsync(): Promise<this>;
    finalize(): void;
  }
}
