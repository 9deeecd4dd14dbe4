// Bundles src/main.ts into the file that the collector serves. esbuild bundles and shortens the properties that begin
// with `_`; terser minifies, because it inlines what is used once: 270 bytes less, gzipped, than esbuild's own.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { minify } from "terser";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const bundled = await build({
  entryPoints: [here("src/main.ts")],
  bundle: true,
  write: false,
  format: "iife",
  target: "es2021",
  mangleProps: /^_/,
  legalComments: "none",
});
const { code } = await minify(bundled.outputFiles[0].text, {
  ecma: 2020,
  toplevel: true,
  compress: { passes: 4, hoist_funs: true, pure_getters: true },
});
writeFileSync(here("../collector/backsight_collector/static/backsight.js"), `${code}\n`);
