// Ranks in the browser what the command line ranks: the same tokens, lists and integers, in the same order.
// Rust's side is src/search/analyser.rs and src/search/rank.rs; both keep the names, and the order of steps.

const VERSION = 1;
const MAX_WORD = 64, MAX_PARTS = 6, MAX_QUERY_BYTES = 4096;
const MAX_COLD = 8, MAX_EXPANSIONS = 48, MAX_PREFIX_DOCS = 256, MAX_TYPOS = 8;
const PREFIX_WEIGHT = 205, TYPO_WEIGHT = 154;
const FACET = "\u0002";
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

/** The ranges [start, end] of a text whose words are among `words`. */
export function lit(text, words) {
  const ranges = analyse(text).filter((token) => words.has(token.text)).map((token) => [token.start, token.end]);
  return ranges.filter(([start], at) => at === 0 || ranges[at - 1][0] !== start);
}

// ---- Shards to lists ------------------------------------------------------------------------------------

/** Opens the index of the site at `root`, an absolute URL ending in `/`. */
export async function open(root, fetcher = fetch) {
  const get = async (path) => {
    const response = await fetcher(root + path);
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response;
  };
  const unzip = async (path) => {
    const body = (await get(path)).body.pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(body).arrayBuffer());
  };
  const { path } = await (await get("search/current.json")).json();
  const base = `search/${path}`;
  const manifest = await (await get(`${base}manifest.json`)).json();
  if (manifest.version !== VERSION) throw new Error(`index version ${manifest.version}, ranker version ${VERSION}`);
  const [shard, documents] = await Promise.all([unzip(`${base}t/0.bin`), unzip(`${base}d/0.json`)]);
  return new Ranker(manifest, readTerms(shard), JSON.parse(new TextDecoder().decode(documents)));
}

class Reader {
  constructor(bytes, at = 0) { this.bytes = bytes; this.at = at; }
  // Multiplication, not shifts: a number of five bytes has more than 31 bits.
  varint() {
    let number = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.bytes[this.at++];
      number += (byte & 127) * factor;
      if (byte < 128) return number;
    }
  }
}

/** The dictionary: term to {at: its place in byte order, df, list()}. */
function readTerms(bytes) {
  const reader = new Reader(bytes);
  const count = reader.varint();
  let place = reader.varint();
  place += reader.at;
  const terms = new Map();
  let key = new Uint8Array();
  for (let at = 0; at < count; at += 1) {
    const shared = reader.varint(), rest = reader.varint();
    const next = new Uint8Array(shared + rest);
    next.set(key.subarray(0, shared));
    next.set(bytes.subarray(reader.at, reader.at + rest), shared);
    reader.at += rest;
    key = next;
    const df = reader.varint(), size = reader.varint(), start = place;
    terms.set(new TextDecoder().decode(key), { at, df, list: () => readList(new Reader(bytes, start)) });
    place += size;
  }
  return terms;
}

function readList(reader) {
  const count = reader.varint(), list = [];
  for (let n = 0, doc = 0; n < count; n += 1) list.push([doc += reader.varint(), 0]);
  for (const entry of list) entry[1] = reader.varint();
  return list;
}

// ---- A query to hits ------------------------------------------------------------------------------------

class Ranker {
  constructor(manifest, terms, documents) {
    this.n = manifest.n;
    this.terms = terms;
    this.keys = [...terms.keys()].filter((key) => !key.startsWith(FACET));
    this.documents = documents;
  }

  /** The best records: {rank, id, title, summary, product, category, score, words}. */
  search(text, { limit = 10, facets = [] } = {}) {
    const { lists, words } = this.plan(firstBytes(text, MAX_QUERY_BYTES));
    const totals = new Map();
    for (const list of lists) {
      for (const [doc, impact] of list) {
        const total = totals.get(doc) ?? { sum: 0, tokens: 0 };
        total.sum += impact;
        total.tokens += 1;
        totals.set(doc, total);
      }
    }
    // Sums stay far below 2 to the 53rd, so these divisions are exact enough for floor.
    const score = ({ sum, tokens }) => Math.floor((sum * tokens * tokens) / (lists.length * lists.length));
    const allowed = facets.map((facet) => new Set(this.list(FACET + facet).map(([doc]) => doc)));
    return [...totals]
      .filter(([doc]) => allowed.every((docs) => docs.has(doc)))
      .map(([doc, total]) => [doc, score(total)])
      .sort((one, other) => other[1] - one[1] || one[0] - other[0])
      .slice(0, limit)
      .map(([doc, score], at) => {
        const [id, title, summary, product, category] = this.documents[doc];
        return { rank: at + 1, id, title, summary, product, category, score, words };
      });
  }

  plan(text) {
    const { words, prefix } = wordsOf(text);
    const lit = new Set();
    const lists = this.choose(words).map((word) => {
      const list = this.list(word);
      if (list.length === 0) return this.typos(word, lit);
      lit.add(word);
      return list;
    });
    if (prefix !== undefined) lists.push(this.prefix(prefix, lit));
    return { lists, words: lit };
  }

  prefix(typed, lit) {
    const beginning = (start) => this.keys.filter((key) => key.startsWith(start));
    let terms = beginning(typed);
    const chars = [...typed];
    for (let cut = 1; cut <= 4 && terms.length === 0 && chars.length >= cut + 4; cut += 1) {
      terms = beginning(chars.slice(0, chars.length - cut).join(""));
    }
    let best = new Map();
    for (const term of terms) if (term !== typed) raise(best, this.list(term), PREFIX_WEIGHT);
    if (terms.length > MAX_EXPANSIONS) {
      best = new Map([...best].sort((one, other) => other[1] - one[1] || one[0] - other[0]).slice(0, MAX_PREFIX_DOCS));
    }
    const stemmed = stem(typed);
    for (const whole of new Set([typed, stemmed])) raise(best, this.list(whole), 256);
    for (const term of terms.slice(0, MAX_EXPANSIONS)) lit.add(term);
    lit.add(stemmed);
    return best.size === 0 ? this.typos(stemmed, lit) : [...best];
  }

  typos(word, lit) {
    const [first] = [...word];
    if (length(word) < 4) return [];
    const leastDf = this.n > 20000 ? 2 : 1;
    const near = this.keys
      .filter((key) => key.startsWith(first) && /^[a-z_][a-z0-9_]{3,19}$/.test(key) && oneSlipApart(word, key))
      .map((key) => [key, this.terms.get(key)])
      .filter(([, term]) => term.df >= leastDf)
      .sort(([, one], [, other]) => other.df - one.df || one.at - other.at);
    const best = new Map();
    for (const [key] of near.slice(0, MAX_TYPOS)) {
      raise(best, this.list(key), TYPO_WEIGHT);
      lit.add(key);
    }
    return [...best];
  }

  choose(words) {
    const common = Math.max(Math.floor(this.n / 64), 256);
    const df = (word) => this.terms.get(word)?.df ?? 0;
    const cold = words.filter((word) => df(word) <= common).slice(0, MAX_COLD);
    const hot = words.filter((word) => df(word) > common)
      .sort((one, other) => df(one) - df(other) || this.terms.get(one).at - this.terms.get(other).at);
    return [...cold, ...hot.slice(0, Math.max(6 - cold.length, 2))];
  }

  list(term) { return this.terms.get(term)?.list() ?? []; }
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

function raise(best, list, weight) {
  for (const [doc, impact] of list) {
    best.set(doc, Math.max(best.get(doc) ?? 0, (impact * weight) >> 8, 1));
  }
}

/** Whether one insertion, deletion, replacement or swap of neighbours makes one of the other. */
function oneSlipApart(one, other) {
  const a = [...one], b = [...other];
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  const same = (from, to) => a.slice(from).join("") === b.slice(to).join("");
  return same(start + 1, start + 1) || same(start + 1, start) || same(start, start + 1) || a.length === b.length && start === a.length
    || (a[start] === b[start + 1] && a[start + 1] === b[start] && same(start + 2, start + 2));
}

/** The longest beginning of a text that has at most `max` bytes in UTF-8. */
function firstBytes(text, max) {
  let bytes = 0, end = 0;
  for (const c of text) {
    const code = c.codePointAt(0);
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes > max) break;
    end += c.length;
  }
  return text.slice(0, end);
}
