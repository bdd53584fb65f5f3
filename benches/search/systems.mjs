// The systems that are compared. Each makes its index of the same documents in a folder, and answers from there:
// `build(documents, folder)`; then `open(wire, folder)`, which fetches all that a first query waits for, gives
// `ask(text)`, which gives `{ found, show() }`: how many hits, and what fetches what the first ten show.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);
const SHOWN = 10;

/** This project, whose shards `corpus.rs` has made, with the scripts of its search page. */
const faultbook = {
  async open(wire, folder) {
    for (const name of ["search", "ranker"]) wire.get(`${folder}/site/assets/${name}.js`);
    const { open } = await import(pathToFileURL(`${folder}/site/assets/ranker.js`));
    const response = (path) => new Response(wire.get(path));
    const ranker = await open(`${folder}/site/`, async (path) => response(path));
    return async (text) => {
      // As if every query were the first one.
      ranker.files.clear();
      ranker.hot = new Map();
      const { ranked } = await ranker.rank(text);
      const best = ranked.slice(0, SHOWN);
      return { found: ranked.length, show: () => Promise.all(best.map(([doc]) => ranker.document(doc))) };
    };
  },
};

const pagefind = {
  async build(documents, folder) {
    const { createIndex, close } = await import("pagefind");
    const { index } = await createIndex({});
    for (const { id, title, summary, body } of documents) {
      const { errors } = await index.addCustomRecord({ url: `/f/${id}/`, content: body, language: "en", meta: { title, summary } });
      if (errors.length > 0) throw new Error(errors.join());
    }
    await index.writeFiles({ outputPath: `${folder}/pagefind` });
    await close();
  },
  async open(wire, folder) {
    globalThis.fetch = async (path) => {
      const body = wire.get(String(path).replace(/\?.*/, ""));
      return new Response(body, { headers: { "content-type": String(path).includes(".json") ? "application/json" : "" } });
    };
    wire.get(`${folder}/pagefind/pagefind.js`);
    const { createInstance } = await import(pathToFileURL(`${folder}/pagefind/pagefind.js`));
    const options = { basePath: `${folder}/pagefind/`, noWorker: true };
    // What it has fetched it keeps, so each query has an instance of its own; what that fetches first is counted once.
    const fresh = () => wire.free(async () => {
      const instance = createInstance(options);
      await instance.init();
      await instance.filters();
      return instance;
    });
    await createInstance(options).filters();
    let next = await fresh();
    return async (text) => {
      const instance = next;
      const { results } = await instance.search(text);
      const show = async () => {
        await Promise.all(results.slice(0, SHOWN).map((result) => result.data()));
        next = await fresh();
      };
      return { found: results.length, show };
    };
  },
};

const minisearch = {
  async build(documents, folder) {
    const { default: MiniSearch } = await import("minisearch");
    const index = new MiniSearch(minisearch.options);
    index.addAll(documents);
    writeFileSync(`${folder}/minisearch.json`, JSON.stringify(index));
  },
  async open(wire, folder) {
    const { default: MiniSearch } = await import("minisearch");
    wire.get(require.resolve("minisearch").replace("/cjs/index.cjs", "/umd/index.js"));
    const index = MiniSearch.loadJSON(String(wire.get(`${folder}/minisearch.json`)), minisearch.options);
    const options = { prefix: true, fuzzy: 0.2, boost: { title: 4 } };
    return async (text) => ({ found: index.search(text, options).length, show: async () => {} });
  },
  options: { fields: ["title", "body"], storeFields: ["title", "summary"] },
};

const elasticlunr = {
  async build(documents, folder) {
    const { default: elasticlunr } = await import("elasticlunr");
    const index = elasticlunr();
    index.setRef("id");
    for (const field of ["title", "body"]) index.addField(field);
    // Otherwise it would keep all texts; what hits show is kept beside it instead.
    index.saveDocument(false);
    documents.forEach((document) => index.addDoc(document));
    const shown = Object.fromEntries(documents.map(({ id, title, summary }) => [id, [title, summary]]));
    writeFileSync(`${folder}/elasticlunr.json`, JSON.stringify({ index, shown }));
  },
  async open(wire, folder) {
    const { default: elasticlunr } = await import("elasticlunr");
    wire.get(require.resolve("elasticlunr").replace("/elasticlunr.js", "/elasticlunr.min.js"));
    const { index } = JSON.parse(wire.get(`${folder}/elasticlunr.json`));
    const loaded = elasticlunr.Index.load(index);
    const options = { fields: { title: { boost: 4 }, body: {} }, bool: "OR", expand: true };
    return async (text) => ({ found: loaded.search(text, options).length, show: async () => {} });
  },
};

export const systems = { faultbook, pagefind, minisearch, elasticlunr };

/** Reads files as a host would send them, and counts what goes over the line: what is not gzip yet is made so. */
export class Wire {
  constructor(gzip) {
    this.gzip = gzip;
    this.sizes = new Map();
    this.bytes = this.requests = 0;
  }
  get(path) {
    const body = readFileSync(path);
    if (!this.sizes.has(path)) {
      const packed = body[0] === 0x1f && body[1] === 0x8b;
      this.sizes.set(path, packed ? body.length : this.gzip(body).length);
    }
    this.bytes += this.sizes.get(path);
    this.requests += 1;
    return body;
  }
  /** What was fetched since the last time. */
  take() {
    const { bytes, requests } = this;
    this.bytes = this.requests = 0;
    return { bytes, requests };
  }
  /** Does something without counting. */
  async free(work) {
    const { bytes, requests } = this;
    const done = await work();
    Object.assign(this, { bytes, requests });
    return done;
  }
}
