// Prints what the built snippet weighs, and fails above the limit that DESIGN sets.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT = 6 * 1024;
const built = new URL("../collector/backsight_collector/static/backsight.js", import.meta.url);
const source = readFileSync(built);
const gzip = gzipSync(source, { level: 9 }).length;
console.log(`backsight.js: ${source.length} bytes, ${gzip} gzip (limit ${LIMIT})`);
if (gzip > LIMIT) process.exit(1);
