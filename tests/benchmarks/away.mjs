// Seals tips in Node and prints, for each size of file, milliseconds of processor time; the job comes over standard input.
import * as codename from "../../tipline/away/src/codename.js";
import { sealTip } from "../../tipline/away/src/sealing.js";

// Node's own HTTP client starts with WebAssembly, which goes with the compiler, and nothing here uses that client.
globalThis.WebAssembly ??= { compile: () => new Promise(() => {}) };

let text = "";
for await (const piece of process.stdin) text += piece;
const { sizes, ...job } = JSON.parse(text);
const way = { ...job, keys: new TextEncoder().encode(job.keys), root: Uint8Array.from(Buffer.from(job.root, "hex")), now: new Date(job.now) };
const words = { text: "x".repeat(2048), howKnown: "", mustNotLearn: "", urgent: false };
const taken = [];
for (const size of sizes) {
  const files = size === 0 ? [] : [new File([new Uint8Array(size)], "a")];
  const before = process.cpuUsage();
  for await (const { blob } of sealTip({ ...way, ...words, codename: codename.make(), files })) void blob;
  const { user, system } = process.cpuUsage(before);
  taken.push((user + system) / 1000);
}
process.stdout.write(JSON.stringify({ taken, peak: process.resourceUsage().maxRSS }));
