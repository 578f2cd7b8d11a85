// Bundles each page under src/pages into built/, one plain script each: no module loader, no source map, nothing fetched.
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));

/** @param {string} into folder of the scripts */
async function bundle(into) {
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into);
  const pages = readdirSync(`${here}src`, { recursive: true }).filter((name) => name.startsWith("pages/"));
  for (const page of pages) {
    await build({
      absWorkingDir: here,
      entryPoints: [`src/${page}`],
      outfile: `${into}/${basename(page)}`,
      bundle: true,
      format: "iife",
      target: "firefox115",
      charset: "utf8",
      legalComments: "inline",
      minify: true,
      logLevel: "warning",
    });
  }
}

await bundle(process.argv[2] ?? `${here}built`);
