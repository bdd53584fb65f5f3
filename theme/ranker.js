// Ranks in the browser what the command line ranks: the same tokens, lists and integers, in the same order.
// Rust's side is src/search/analyser.rs and src/search/rank.rs; both keep the names, and the order of steps.
// What only some queries need is in ranker-rest.js, which is fetched when one does.

const VERSION = 3;
const MAX_WORD = 64, MAX_PARTS = 6, MAX_SHORT = 1024, MAX_FEW = 6, MAX_SLIPS = 2;
const PREFIX_WEIGHT = 205, WHOLE_WEIGHT = 256;
/** Begins the key of a facet; ends the key of all that goes on from a beginning; comes after every character. */
const FACET = "\u0002", GOES_ON = "\u0001", LAST = "\uffff";
const rest = () => import("./ranker-rest.js");
/** Words that say nothing about which record is meant, as the analyser writes them. */
export const STOP_WORDS = new Set(("a after all an and any are as at be been but by can do doe for from had has have how i if in into "
  + "is it its my no not of on or our so that the their then ther this to was we were what when which "
  + "whil why will with you your").split(" "));

// ---- Text to tokens -------------------------------------------------------------------------------------

const isAlnum = (c) => /[\p{Alphabetic}\p{N}]/u.test(c);
const isLetter = (c) => /\p{Alphabetic}/u.test(c);
const isUpper = (c) => /\p{Uppercase}/u.test(c);
const isLower = (c) => c !== undefined && isLetter(c) && !isUpper(c);
const isRunChar = (c) => isAlnum(c) || "-.:/@#+$%\\=&~*_".includes(c);
const length = (text) => [...text].length;

/** Tokens of a text: {text, start, end (UTF-16), kind: "part" | "whole" | "extra", nth}. */
export function analyse(text) {
  const tokens = [];
  let before;
  for (const run of runs(text)) {
    const isNumber = emit(run, before, tokens);
    const [word] = run.parts;
    before = !isNumber && run.parts.length === 1 && [...word].every(isLetter) ? { word, endAt: run.endAt } : undefined;
  }
  return tokens;
}

function runs(text) {
  const chars = [...text];
  const isApostrophe = (at) => (chars[at] === "'" || chars[at] === "’")
    && at > 0 && isAlnum(chars[at - 1]) && at + 1 < chars.length && isAlnum(chars[at + 1]);
  const inRun = (at) => isRunChar(chars[at]) || isApostrophe(at);
  const found = [];
  let offset = 0;
  for (let at = 0; at < chars.length;) {
    if (!inRun(at)) { offset += chars[at].length; at += 1; continue; }
    const startAt = at, start = offset, letters = [];
    for (; at < chars.length && inRun(at); at += 1) {
      if (!isApostrophe(at)) letters.push(chars[at]);
      offset += chars[at].length;
    }
    let dashes = 0;
    while (letters[dashes] === "-") dashes += 1;
    const parts = partsOf(letters);
    if (parts.length > 0) found.push({ start, end: offset, startAt, endAt: at, dashes, parts });
  }
  return found;
}

function partsOf(letters) {
  let parts = [];
  let open = false;
  letters.forEach((c, at) => {
    if (!isAlnum(c)) { open = false; return; }
    if (!open || cutsBefore(letters, at)) { parts.push(""); open = true; }
    parts[parts.length - 1] += c.toLowerCase();
  });
  const [first, ...rest] = parts;
  if (first === "http" && parts.length <= 3 && rest.every((part) => /^[0-9]$/.test(part))) parts = [first];
  return parts;
}

function cutsBefore(letters, at) {
  if (at === 0 || !isUpper(letters[at])) return false;
  const before = letters[at - 1];
  return isLower(before) || (isUpper(before) && isLower(letters[at + 1]) && isLower(letters[at + 2]));
}

function emit(run, before, tokens) {
  const push = (text, kind, nth) => {
    if (!isNoise(text)) tokens.push({ text, start: run.start, end: run.end, kind, nth });
  };
  if (run.parts.length === 1) {
    const [part] = run.parts;
    push(stem(part), "part", 0);
    if ((run.dashes === 1 || run.dashes === 2) && isLetter([...part][0])) push("--".slice(0, run.dashes) + part, "extra");
    const isNumber = /^[0-9]{1,5}$/.test(part);
    if (before && isNumber && run.startAt - before.endAt <= 2) push(`${before.word}_${part}`, "extra");
    return isNumber;
  }
  if (run.parts.length <= MAX_PARTS) {
    const whole = run.parts.join("_");
    if (length(whole) <= MAX_WORD) push(whole, "whole");
  }
  run.parts.forEach((part, nth) => push(stem(part), "part", nth));
  return false;
}

const isNoise = (word) => (word.length >= 16 && /^[0-9a-f]+$/.test(word) && /[0-9]/.test(word)) || length(word) > MAX_WORD;

export function stem(word) {
  if (!/^[a-z]{4,}$/.test(word)) return word;
  let stemmed = singular(word);
  stemmed = withoutEnding(stemmed) ?? stemmed;
  if (stemmed.length >= 8 && /[ts]ion$/.test(stemmed)) stemmed = stemmed.slice(0, -3);
  if (stemmed.length >= 5 && stemmed.endsWith("e")) stemmed = stemmed.slice(0, -1);
  return stemmed;
}

function singular(word) {
  if (word.endsWith("sses")) return word.slice(0, -2);
  if (word.endsWith("ies") && word.length > 4) return `${word.slice(0, -3)}y`;
  return word.endsWith("s") && !/[sui]s$/.test(word) ? word.slice(0, -1) : word;
}

function withoutEnding(word) {
  const hasVowel = (root) => /[aeiouy]/.test(root);
  if (word.endsWith("ing") && word.length >= 6 && hasVowel(word.slice(0, -3))) return undoubled(word.slice(0, -3));
  if (word.endsWith("ied") && word.length >= 5) return `${word.slice(0, -3)}y`;
  const root = word.slice(0, -2);
  return word.endsWith("ed") && word.length >= 5 && !root.endsWith("e") && hasVowel(root) ? undoubled(root) : undefined;
}

function undoubled(root) {
  const last = root.at(-1);
  return root.length >= 4 && last === root.at(-2) && !"aeioulsz".includes(last) ? root.slice(0, -1) : root;
}

/** The ranges [start, end] of a text whose words `has` says are found. */
export function lit(text, has) {
  const ranges = analyse(text).filter((token) => has(token.text)).map((token) => [token.start, token.end]);
  return ranges.filter(([start], at) => at === 0 || ranges[at - 1][0] !== start);
}

// ---- Shards to lists: src/search/shards.rs writes them --------------------------------------------------

/** Opens the index of the site at `root`, an absolute URL ending in `/`. */
export async function open(root, fetcher = fetch) {
  const get = async (path) => {
    const response = await fetcher(`${root}search/${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response;
  };
  const { path } = await (await get("current.json")).json();
  const manifest = (await unzip(await get(`${path}manifest.json`))).json();
  if (manifest.version !== VERSION) throw new Error(`index version ${manifest.version}, ranker version ${VERSION}`);
  return new Ranker(manifest, path, get);
}

class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
    this.word = new Uint8Array();
  }
  text(bytes) { return new TextDecoder().decode(bytes); }
  json() { return JSON.parse(this.text(this.bytes)); }
  // Multiplication, not shifts: a number of five bytes has more than 31 bits.
  varint() {
    let number = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.bytes[this.at++];
      number += (byte & 127) * factor;
      if (byte < 128) return number;
    }
  }
  /** The next key of those that each begin as the one before. */
  key() {
    const shared = this.varint(), rest = this.varint();
    const key = new Uint8Array(shared + rest);
    key.set(this.word.subarray(0, shared));
    key.set(this.bytes.subarray(this.at, this.at += rest), shared);
    return this.text(this.word = key);
  }
  list() {
    const list = [];
    let doc = 0;
    for (let n = this.varint(); n > 0; n -= 1) list.push([doc += this.varint(), 0]);
    for (const entry of list) entry[1] = this.varint();
    return list;
  }
}

async function unzip(response) {
  const body = response.body.pipeThrough(new DecompressionStream("gzip"));
  return new Reader(new Uint8Array(await new Response(body).arrayBuffer()));
}

/** A dictionary: term to list, or to the number of a common term. */
function readTerms(reader) {
  const terms = new Map();
  const count = reader.varint();
  let place = reader.varint();
  place += reader.at;
  for (let n = 0; n < count; n += 1) {
    const key = reader.key(), size = reader.varint();
    terms.set(key, size > 0 ? new Reader(reader.bytes, place).list() : reader.varint());
    place += size;
  }
  return terms;
}

// ---- A query to hits ------------------------------------------------------------------------------------

class Ranker {
  constructor(manifest, path, get) {
    this.manifest = manifest;
    this.path = path;
    this.get = get;
    /** Common terms, each with how common it is and the number of its list; empty until a query needs to know. */
    this.hot = new Map();
    this.files = new Map();
    this.router = this.unfold(manifest.router);
  }

  /** Texts that are written one a line: how much each begins with of the one before, and the rest. */
  unfold(text) {
    let last = "";
    return text.split("\n").map((line) => last = last.slice(0, parseInt(line[0], 36)) + line.slice(1));
  }

  /** The best records: {rank, id, title, summary, product, category, keywords, fix, score}, and what is lit. */
  async search(text, { limit = 10, facets = [] } = {}) {
    const { ranked, has } = await this.rank(text, facets);
    const hits = await Promise.all(ranked.slice(0, limit).map(async ([doc, score], at) => {
      const [id, title, summary, product, category, keywords, fix] = await this.document(doc);
      return { rank: at + 1, id, title, summary, product, category, keywords, fix, score };
    }));
    return { hits, total: ranked.length, has };
  }

  /** Every document with its score, best first, and which words were found. */
  async rank(text, facets = []) {
    const [{ lists, has }, ...allowed] = await Promise.all(
      [this.plan(text), ...facets.map((facet) => this.list(FACET + facet))]);
    const totals = new Map();
    for (const [doc, impact] of lists.flat()) {
      const total = totals.get(doc) ?? { sum: 0, tokens: 0 };
      total.sum += impact;
      total.tokens += 1;
      totals.set(doc, total);
    }
    if (lists.length === 0 && facets.length > 0) for (const [doc] of allowed[0]) totals.set(doc, { sum: 0, tokens: 0 });
    const sets = allowed.map((list) => new Set(list.map(([doc]) => doc)));
    // Sums stay far below 2 to the 53rd, so these divisions are exact enough for floor.
    const score = ({ sum, tokens }) => Math.floor((sum * tokens * tokens) / Math.max(lists.length * lists.length, 1));
    const ranked = [...totals]
      .filter(([doc]) => sets.every((docs) => docs.has(doc)))
      .map(([doc, total]) => [doc, score(total)])
      .sort((one, other) => other[1] - one[1] || one[0] - other[0]);
    return { ranked, has };
  }

  async plan(text) {
    if (text.length > MAX_SHORT || text.includes("\n")) text = (await rest()).telling(text);
    const { words, prefix } = wordsOf(text);
    const lit = new Set();
    // Of so few words all count, common or not.
    const chosen = words.length > MAX_FEW ? await (await rest()).choose(this, words) : words;
    const fetched = [...chosen.map((word) => this.list(word)), prefix === undefined ? undefined : this.prefix(prefix)];
    const lists = await Promise.all(fetched);
    const last = lists.pop();
    let slips = 0;
    const typos = async (word) =>
      /^[a-z]\p{Alphabetic}{3,}$/u.test(word) && slips++ < MAX_SLIPS ? (await rest()).typos(this, word, lit) : [];
    for (const [at, word] of chosen.entries()) {
      if (lists[at].length === 0) lists[at] = await typos(word);
      else lit.add(word);
    }
    if (last) {
      lit.add(last.stem);
      lists.push(last.list.length > 0 ? last.list : await typos(last.stem));
    }
    const has = (word) => lit.has(word) || (last?.start !== undefined && word.startsWith(last.start));
    return { lists, has };
  }

  /** The documents of what was typed, and of the words that it can become. */
  async prefix(typed) {
    const chars = [...typed], stemmed = stem(typed), best = new Map();
    let start, words = [];
    for (let cut = 0; cut <= 4 && words.length === 0 && (cut === 0 || chars.length >= cut + 4); cut += 1) {
      start = chars.slice(0, chars.length - cut).join("");
      words = await this.beginning(start);
    }
    // Where many words go on from it, one list stands for them, and has their lower weight in it already.
    await Promise.all(words.map(async ([term, list]) => {
      const weight = term === typed || term.endsWith(GOES_ON) ? WHOLE_WEIGHT : PREFIX_WEIGHT;
      this.raise(best, await this.resolve(list), weight);
    }));
    if (stemmed !== typed) this.raise(best, await this.list(stemmed), WHOLE_WEIGHT);
    return { list: [...best], stem: stemmed, start: words.length > 0 ? start : undefined };
  }

  /** [term, list] of every word that begins so; or of as much as all agree on, and of all that goes on from there. */
  async beginning(start) {
    const end = this.shard(start + LAST);
    const found = [];
    for (let nth = this.shard(start); nth <= end; nth += 1) {
      const terms = await this.terms(nth);
      for (const entry of terms) if (entry[0].startsWith(start)) found.push(entry);
      const many = found.slice(0, 2).findIndex(([term]) => term.endsWith(GOES_ON));
      if (many >= 0) return found.slice(0, many + 1);
    }
    return found;
  }

  async list(term) {
    return this.resolve(this.hot.get(term)?.place ?? (await this.terms(this.shard(term))).get(term) ?? []);
  }

  /** A list, or the number of the common term that has it. */
  resolve(list) { return typeof list === "number" ? this.file(`b/${list}.bin`, (reader) => reader.list()) : list; }

  /** Adds a list, its impacts weighted in 256ths and never less than 1; the best impact of each document counts. */
  raise(best, list, weight) {
    for (const [doc, impact] of list) best.set(doc, Math.max(best.get(doc) ?? 0, (impact * weight) >> 8, 1));
  }

  terms(nth) { return this.file(`t/${nth}.bin`, readTerms); }

  async document(doc) {
    const { documents, documents_per_file: size } = this.manifest;
    const rows = await this.file(`${Math.floor(doc / size)}.json`, (reader) => reader.json(), documents);
    return rows[doc % size];
  }

  /** The number of the dictionary that has a key, if any has. */
  shard(key) { return this.router.findLastIndex((from) => from <= key); }

  /** A file, fetched and read once. */
  file(name, read, folder = this.path) {
    const path = folder + name;
    if (!this.files.has(path)) {
      const fetched = this.get(path).then(async (response) => read(await unzip(response)));
      fetched.catch(() => this.files.delete(path));
      this.files.set(path, fetched);
    }
    return this.files.get(path);
  }
}

function wordsOf(text) {
  const tokens = analyse(text);
  const last = tokens.at(-1);
  const typing = last !== undefined && last.end === text.length && isRunChar([...text].at(-1));
  const ofLast = typing ? tokens.filter((token) => token.start === last.start) : [];
  const parts = ofLast.filter((token) => token.kind === "part").length;
  let prefix;
  if (parts === 1) prefix = singlePart(text.slice(last.start, last.end));
  if (parts > 1) prefix = ofLast.find((token) => token.kind === "whole")?.text;
  if (prefix !== undefined && length(prefix) < 2) prefix = undefined;
  const replaced = (token) => prefix !== undefined && ofLast.includes(token)
    && (token.kind === "whole" || (token.kind === "part" && token.nth + 1 >= parts));
  let words = [...new Set(tokens.filter((token) => !replaced(token)).map((token) => token.text))];
  const isStop = (word) => STOP_WORDS.has(word);
  if (prefix !== undefined || !words.every(isStop)) words = words.filter((word) => !isStop(word));
  return { words, prefix };
}

function singlePart(text) {
  const parts = runs(text).flatMap((run) => run.parts);
  return parts.length === 1 ? parts[0] : undefined;
}
