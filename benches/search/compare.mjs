// Our search beside others', over the same records and queries: `node benches/search/compare.mjs [RECORDS …]`.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = fileURLToPath(new URL(".", import.meta.url));
const self = fileURLToPath(import.meta.url);
const run = (program, args, options = {}) =>
  execFileSync(program, args, { cwd: here, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 26, ...options });

if (process.argv[2] === "--one") await one(...process.argv.slice(3));
else await all(process.argv.slice(2).map(Number));

async function all(sizes) {
  run("npm", ["ci", "--no-audit", "--no-fund"]);
  const { systems } = await import("./systems.mjs");
  for (const n of sizes.length > 0 ? sizes : [500, 10_000]) {
    const folder = mkdtempSync(`${tmpdir()}/search-`);
    try {
      run("cargo", ["bench", "--locked", "--bench", "search", "--", String(n), folder]);
      const rows = Object.keys(systems).map((name) => JSON.parse(run(process.execPath, ["--max-old-space-size=4096", self, "--one", name, folder])));
      console.log(`\n${n} records, ${rows[0].n} queries; sizes are bytes after gzip\n`);
      table(rows);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

/** One system in a process of its own, so that nothing of another is counted. */
async function one(name, folder) {
  const { systems, Wire } = await import("./systems.mjs");
  const read = (file) => JSON.parse(readFileSync(`${folder}/${file}.json`, "utf8"));
  const queries = read("queries");
  const system = systems[name];
  let cost;
  if (system.build) {
    const documents = read("documents");
    const start = { wall: performance.now() / 1000, cpu: cpuSeconds() };
    await system.build(documents, folder);
    await childless();
    cost = { wall: performance.now() / 1000 - start.wall, cpu: cpuSeconds() - start.cpu };
  } else {
    cost = read("cost");
  }
  const wire = new Wire((body) => gzipSync(body, { level: 9 }));
  const ask = await system.open(wire, folder);
  const before = wire.take();
  const asked = [];
  for (const { text } of queries) {
    const start = performance.now();
    const { found, show } = await ask(text);
    const took = performance.now() - start;
    const index = wire.take();
    await show();
    asked.push({ found, took, index, shown: wire.take() });
  }
  const at = (value) => {
    const sorted = asked.map(value).sort((one, other) => one - other);
    return [50, 95].map((percent) => sorted[Math.floor(((sorted.length - 1) * percent) / 100)]);
  };
  process.stdout.write(JSON.stringify({
    name, n: queries.length, cost, before,
    bytes: at(({ index }) => index.bytes),
    requests: at(({ index }) => index.requests),
    shown: at(({ shown }) => shown.bytes),
    took: at(({ took }) => took),
    answered: asked.filter(({ found }) => found > 0).length,
  }));
}

/** Waits until programs that were started have ended, for only then is known what they used. */
async function childless() {
  while (readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** What this process and those that it waited for have used of the processors; Linux counts in hundredths. */
function cpuSeconds() {
  const fields = readFileSync("/proc/self/stat", "utf8").split(")").at(-1).trim().split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
}

function table(rows) {
  const s = (number) => number.toFixed(2);
  const pair = ([median, most], digits = 0) => `${median.toFixed(digits)} / ${most.toFixed(digits)}`;
  const columns = {
    "": ({ name }) => name,
    "build, wall s": ({ cost }) => s(cost.wall),
    "CPU s": ({ cost }) => s(cost.cpu),
    "before a result": ({ before }) => `${before.bytes} in ${before.requests}`,
    "query, p50 / p95": ({ bytes }) => pair(bytes),
    "requests": ({ requests }) => pair(requests),
    "10 hits": ({ shown }) => pair(shown),
    "time, ms": ({ took }) => pair(took, 1),
    "answered": ({ answered }) => String(answered),
  };
  const cells = [Object.keys(columns), Object.keys(columns).map(() => "---"), ...rows.map((row) => Object.values(columns).map((cell) => cell(row)))];
  for (const line of cells) console.log(`| ${line.join(" | ")} |`);
}
