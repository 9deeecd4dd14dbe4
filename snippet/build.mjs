// Bundles the snippet's core and the parts that it loads when they are needed into files that the collector serves.
// esbuild bundles and shortens the properties that begin with `_`; terser minifies, because it inlines what is used
// once: 270 bytes less of the core, gzipped, than esbuild's own. Names are given in a run of its own, and nothing is
// `const`: 50 bytes less once more.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { minify } from "terser";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const parts = { backsight: "main.ts", effects: "effects.ts", recovery: "recovery.ts", vitals: "vitals.ts", expose: "expose.ts", definer: "definer/main.ts" };

/** A style sheet is imported as its text, minified. */
const sheets = {
  name: "sheets",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    }),
};

for (const [name, entry] of Object.entries(parts)) {
  const bundled = await build({
    entryPoints: [here(`src/${entry}`)],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2021",
    mangleProps: /^_[a-z]/,
    legalComments: "inline",
    plugins: [sheets],
  });
  const compressed = await minify(bundled.outputFiles[0].text.replace(/\bconst (?=[\w${[])/g, "let "), {
    ecma: 2020,
    module: true,
    mangle: false,
    compress: { passes: 4, hoist_funs: true, inline: 1, pure_getters: true, unsafe: true, unsafe_arrows: true, loops: false },
  });
  const { code } = await minify(compressed.code, { ecma: 2020, module: true, compress: false });
  writeFileSync(here(`../collector/backsight_collector/static/${name}.js`), code);
}
