// Icons, drawn with one line on a field of 16 by 16.

import { svg } from "./element";

const PATHS = {
  click: "M6 5.5 12.8 8l-3 1.3L8.5 12.5zM3 3l1 1M6.5 1.5V3M1.5 6.5H3",
  page: "M4 1.8h5.2L12 4.6v9.6H4zM9 1.8v3h3M6 8h4M6 10.8h4",
  leave: "M9.5 2.5h-6v11h6M7 8h7M11.5 5.5 14 8l-2.5 2.5",
  change: "M3 13l.6-2.6L11 3l2 2-7.4 7.4zM9.6 4.4l2 2",
  submit: "M2.5 7.5 13.5 3 10 13.5 7.7 9z",
  track: "M2.5 2.5h5l6 6-5 5-6-6zM5.4 5.4h.01",
  person: "M8 8.2a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4M3 13.6c.6-2.5 2.4-3.7 5-3.7s4.4 1.2 5 3.7",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  focus: "M8 3.2v9.6M6 3.2h4M6 12.8h4M2 5.5v5M14 5.5v5",
  error: "M8 2 14.5 13.5h-13zM8 6.2v3.4M8 11.6h.01",
  vital: "M2.2 12a6.3 6.3 0 1 1 11.6 0M8 9.6l2.8-3.4",
  expose: "M1.5 8c1.6-2.9 3.8-4.3 6.5-4.3S12.9 5.1 14.5 8c-1.6 2.9-3.8 4.3-6.5 4.3S3.1 10.9 1.5 8M8 9.9a1.9 1.9 0 1 0 0-3.8 1.9 1.9 0 0 0 0 3.8",
  live: "M8 9.3a1.3 1.3 0 1 0 0-2.6 1.3 1.3 0 0 0 0 2.6M5 11a4.2 4.2 0 0 1 0-6M11 5a4.2 4.2 0 0 1 0 6M2.8 13.2a7.4 7.4 0 0 1 0-10.4M13.2 2.8a7.4 7.4 0 0 1 0 10.4",
  events: "M2.5 2.5h5l6 6-5 5-6-6zM5.4 5.4h.01",
  reports: "M2.5 13.5h11M4 11V8M8 11V3M12 11V6",
  build: "M2 3h12l-4.5 5.5v4.5l-3-1.5v-3z",
  sun: "M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6M8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8 13 13M13 3l-1.2 1.2M4.2 11.8 3 13",
  moon: "M13.5 9.5A5.8 5.8 0 0 1 6.5 2.5a5.8 5.8 0 1 0 7 7",
  exit: "M9.5 2.5h-6v11h6M7 8h7M11.5 5.5 14 8l-2.5 2.5",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9M10.5 10.5 14 14",
  up: "M8 13V3M4 7l4-4 4 4",
  down: "M8 3v10M4 9l4 4 4-4",
  remove: "M4 4l8 8M12 4l-8 8",
  add: "M8 3v10M3 8h10",
  pause: "M5.5 3v10M10.5 3v10",
  play: "M5 3l8 5-8 5z",
  open: "M6 3.5 10.5 8 6 12.5",
  back: "M10 3.5 5.5 8 10 12.5",
  share: "M6.5 9.5l3-3M7 5l1.7-1.7a2.8 2.8 0 0 1 4 4L11 9M9 11l-1.7 1.7a2.8 2.8 0 0 1-4-4L5 7",
  trash: "M2.5 4h11M6 4V2.5h4V4M4 4l.7 9.5h6.6L12 4",
  check: "M3 8.5 6.5 12 13 4.5",
  key: "M6 10.5a3 3 0 1 0-.01-.01M8 8l5.5-5.5M11 5l2 2",
  code: "M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5",
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): SVGElement {
  return svg("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" }, svg("path", { d: PATHS[name] }));
}

/** The sign of Backsight: a reticle. */
export const sign = (): SVGElement =>
  svg(
    "svg",
    { viewBox: "0 0 32 32", class: "sign", "aria-hidden": "true" },
    svg("rect", { width: 32, height: 32, rx: 8 }),
    svg("circle", { cx: 16, cy: 16, r: 6.4 }),
    svg("path", { d: "M16 4.5v6M16 21.5v6M4.5 16h6M21.5 16h6M16 16h.01" }),
  );
