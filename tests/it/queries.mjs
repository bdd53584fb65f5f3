// Asks the ranker of the browser, in a folder with a site's `search/`, `asked.json` and `ranker.mjs`.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const { analyse, open } = await import(pathToFileURL(`${folder}/ranker.mjs`));
const { texts, queries } = JSON.parse(readFileSync(`${folder}/asked.json`, "utf8"));

async function answers() {
  let bytes = 0, requests = 0;
  const ranker = await open(`${folder}/`, async (path) => {
    const body = readFileSync(path);
    bytes += body.length;
    requests += 1;
    return new Response(body);
  });
  const found = [];
  for (const { text, facets, limit } of queries) {
    // As if every query were the first one.
    ranker.files.clear();
    bytes = requests = 0;
    const { ranked } = await ranker.rank(text, facets);
    found.push({ ranked: ranked.slice(0, limit), bytes, requests });
  }
  return found;
}

const split = (text) => (/\p{Cn}/u.test(text) ? null : analyse(text).map((token) => token.text));
process.stdout.write(JSON.stringify(texts ? texts.map(split) : await answers()));
