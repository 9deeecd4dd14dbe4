// Builds each framework's page into ../built/NAME, as its users' builds do: scoped and hashed class names, minified.
// The same source gives the same files. And ../built/tables.js, in which the definer writes a page's tables.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { compileScript, compileStyle, parse } from "@vue/compiler-sfc";
import { build } from "esbuild";
import { compile } from "svelte/compiler";

const here = fileURLToPath(new URL(".", import.meta.url));
const built = join(here, "../built");
const APPS = { react: "app.jsx", vue: "main.js", svelte: "main.js", turbo: "main.js", htmx: "main.js" };

/** Vue's single-file components, with scoped styles. */
const vue = {
  name: "vue",
  setup({ onLoad }) {
    onLoad({ filter: /\.vue$/ }, ({ path }) => {
      const id = `data-v-${hash(relative(here, path))}`;
      const { descriptor } = parse(readFileSync(path, "utf8"), { filename: basename(path) });
      const script = compileScript(descriptor, { id, inlineTemplate: true, genDefaultAs: "component", templateOptions: { scoped: true } });
      const css = descriptor.styles.map(({ content }) => compileStyle({ source: content, filename: path, id, scoped: true }).code);
      return { contents: `${script.content}\ncomponent.__scopeId = "${id}";\n${injected(css.join(""))}export default component;` };
    });
  },
};

const svelte = {
  name: "svelte",
  setup({ onLoad }) {
    onLoad({ filter: /\.svelte$/ }, ({ path }) => {
      const { js } = compile(readFileSync(path, "utf8"), { filename: relative(here, path), css: "injected", generate: "client" });
      return { contents: js.code };
    });
  },
};

/** CSS modules, named as Vite names them: `_row_1a2b3`. */
const modules = {
  name: "modules",
  setup({ onLoad }) {
    onLoad({ filter: /\.module\.css$/ }, ({ path }) => {
      const css = readFileSync(path, "utf8");
      const names = {};
      const scoped = css.replace(/\.([a-z]+) \{/g, (_, name) => `.${(names[name] = `_${name}_${hash(css).slice(0, 5)}`)} {`);
      return { contents: `${injected(scoped)}export default ${JSON.stringify(names)};`, loader: "js" };
    });
  },
};

const injected = (css) => `document.head.append(Object.assign(document.createElement("style"), { textContent: ${JSON.stringify(css)} }));\n`;

/** Eight characters that are the same for the same text. */
const hash = (text) => [...text].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) >>> 0, 7).toString(16).padStart(8, "0");

rmSync(built, { recursive: true, force: true });
for (const [name, entry] of Object.entries(APPS)) {
  const [from, to] = [join(here, name), join(built, name)];
  mkdirSync(to, { recursive: true });
  for (const file of readdirSync(from)) if (file.endsWith(".html")) copyFileSync(join(from, file), join(to, file));
  await build({
    entryPoints: [join(from, entry)],
    outfile: join(to, "app.js"),
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    jsx: "automatic",
    conditions: ["svelte", "browser", "production"],
    define: {
      "process.env.NODE_ENV": '"production"',
      __VUE_OPTIONS_API__: "false",
      __VUE_PROD_DEVTOOLS__: "false",
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
    },
    legalComments: "none",
    plugins: [vue, svelte, modules],
  });
}
await build({
  stdin: {
    resolveDir: join(here, "../../../snippet/src"),
    loader: "ts",
    contents: `
      import { lineage } from "./dom";
      import { redactedOf } from "./privacy";
      import { wording } from "./wording";
      export { askingFor } from "./definer/tables";
      export const wordingOf = (element) => wording(element, lineage(element), redactedOf(lineage(element)));`,
  },
  outfile: join(built, "tables.js"),
  bundle: true,
  format: "iife",
  globalName: "__tables",
});
