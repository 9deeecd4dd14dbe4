/*! Bundles web-vitals, https://github.com/GoogleChrome/web-vitals: Copyright 2020 Google LLC, Apache-2.0 */
// Web vitals, recorded when the page is hidden or its page instance ends: the value that holds then, and again if it
// has changed since.

import { onCLS, onFCP, onINP, onLCP, onTTFB, type Metric } from "web-vitals";
import { core, onLeaving } from "./core";

/** Not recorded yet, by name. */
const changed = new Map<string, Metric>();

function note(metric: Metric): void {
  changed.set(metric.name, metric);
}

function settle(): void {
  for (const { name, value, rating } of changed.values()) core.record("vital", null, { name, props: { value, rating } });
  changed.clear();
}

for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) on(note, { reportAllChanges: true, reportSoftNavs: true });
onLeaving(settle);
// After the library's own listener, which takes what browsers have measured and not told yet; before the core's, which
// listens on the document and sends.
addEventListener("visibilitychange", settle, true);
