// Asks the ranker of the browser, in a folder with a site's `search/`, `asked.json` and the ranker's scripts.
import { deepStrictEqual } from "node:assert";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const { analyse, open } = await import(pathToFileURL(`${folder}/ranker.js`));
const { learn } = await import(pathToFileURL(`${folder}/ranker-rest.js`));
const { texts, queries } = JSON.parse(readFileSync(`${folder}/asked.json`, "utf8"));

async function answers() {
  let bytes = 0, requests = 0;
  const ranker = await open(`${folder}/`, async (path) => {
    const body = readFileSync(path);
    bytes += body.length;
    requests += 1;
    return new Response(body);
  });
  const answer = async ({ text, facets, limit }) => {
    ranker.files.clear();
    bytes = requests = 0;
    const { ranked } = await ranker.rank(text, facets);
    return { ranked: ranked.slice(0, limit), bytes, requests };
  };
  const found = [];
  for (const query of queries) {
    // Before it knows which words are common, and after.
    ranker.hot = new Map();
    const first = await answer(query);
    await learn(ranker);
    const later = await answer(query);
    deepStrictEqual(first.ranked, later.ranked);
    found.push({ ...later, bytes_first: first.bytes, requests_first: first.requests });
  }
  return found;
}

const split = (text) => (/\p{Cn}/u.test(text) ? null : analyse(text).map((token) => token.text));
process.stdout.write(JSON.stringify(texts ? texts.map(split) : await answers()));
