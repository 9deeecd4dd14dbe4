// Bundles the page into the files that the query API serves: a small page.js, and charts.js with Vega, which page.js
// loads when a chart is drawn for the first time. Licences of what is bundled stand in licences.txt beside them.
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const target = (name) => here(`../query/backsight/page/static/${name}`);

const shared = { bundle: true, minify: true, target: "es2022", legalComments: "none", logLevel: "warning" };

/** The names of the packages of which something stands in a bundle. */
function packagesOf({ inputs }) {
  const found = Object.keys(inputs).map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(found)].filter(Boolean).sort();
}

/** A package's name, version, licence and the licence's text. */
function noticeOf(name) {
  const folder = here(`node_modules/${name}`);
  const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  const text = file ? readFileSync(`${folder}/${file}`, "utf8").replaceAll("\r", "").trim() : license;
  return { title: `${name} ${version} (${license})`, text };
}

/** Packages of one licence text together. */
function notices(names) {
  const titles = new Map();
  for (const { title, text } of names.map(noticeOf)) titles.set(text, [...(titles.get(text) ?? []), title]);
  return [...titles].map(([text, packages]) => `${packages.join("\n")}\n\n${text}\n`).join(`\n${"─".repeat(78)}\n\n`);
}

if (!existsSync(target(""))) mkdirSync(target(""), { recursive: true });
await build({ ...shared, entryPoints: [here("src/main.ts")], format: "esm", external: ["./charts.js"], outfile: target("page.js") });
await build({ ...shared, entryPoints: [here("src/css/page.css")], outfile: target("page.css") });
const { metafile } = await build({
  ...shared,
  entryPoints: [here("src/charts/main.ts")],
  format: "esm",
  // Vega-Lite takes four functions of vega-util from "vega", which would bring all of Vega: maps, forces, word clouds.
  alias: { vega: "vega-util" },
  metafile: true,
  outfile: target("charts.js"),
});
const bundled = packagesOf(Object.values(metafile.outputs)[0]);
writeFileSync(target("licences.txt"), `charts.js contains these packages, under these licences.\n\n${notices(bundled)}`);
for (const name of ["index.html", "icon.svg"]) copyFileSync(here(`src/${name}`), target(name));
