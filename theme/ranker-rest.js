// What of the ranker only some queries need: many words at once, and words that nothing has.
// Rust's side is src/search/rank.rs. The ranker is handed in, since it fetches this and not the other way round.

const MAX_QUERY_BYTES = 4096, MAX_LINES = 4, MAX_COLD = 8, MAX_TYPOS = 8, TYPO_WEIGHT = 154;
// Without the flag `u`, only ASCII is folded, as in Rust.
const CUE = /(?:^|[^a-z-])(?:error|err!|fail|fatal|cannot|can't|could not|couldn't|unable|exception|panic|denied|refused|not found|no such|undefined|invalid|unexpected|missing|unsupported|not permitted|not allowed|forbidden|unauthorized|timed out|timeout|abort|killed|out of memory|mismatch|conflict|rejected|must be|unknown|illegal|broken|unreachable|expected|is not |bad |too long|too many|too large|too open|not a |unprotected|overwritten|does not|doesn't|not supported|unresolved|deprecated|segmentation)/i;

/** Of a pasted log the lines that may say what went wrong; of any text as much as is used. */
export function telling(text) {
  const lines = text.split("\n"), cued = lines.filter((line) => CUE.test(line));
  return firstBytes(lines.length > MAX_LINES && cued.length > 0 ? cued.join("\n") : text);
}

/** The longest beginning of a text that has few enough bytes in UTF-8. */
function firstBytes(text) {
  let bytes = 0, end = 0;
  for (const c of text) {
    const code = c.codePointAt(0);
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes > MAX_QUERY_BYTES) break;
    end += c.length;
  }
  return text.slice(0, end);
}

/** [word, how common] of every word of a file. */
function readWords(reader) {
  const words = [];
  for (let n = reader.varint(); n > 0; n -= 1) words.push([reader.key(), 0]);
  for (const word of words) word[1] = reader.varint();
  return words;
}

/** Makes the ranker know which words are common, so that it need not look them up in a dictionary. */
export async function learn(ranker) {
  const { words, digits } = await ranker.file("hot.json", (reader) => reader.json());
  const known = (term, place) => [term, { place, commonness: parseInt(digits[place], 36) }];
  ranker.hot = new Map(digits ? ranker.unfold(words).map(known) : []);
}

/** Rare words first, in the order of the query; then the rarest of the common ones. */
export async function choose(ranker, words) {
  await learn(ranker);
  const { hot } = ranker;
  const cold = words.filter((word) => !hot.has(word)).slice(0, MAX_COLD);
  const common = words.filter((word) => hot.has(word)).map((word) => [word, hot.get(word)])
    .sort(([, one], [, other]) => one.commonness - other.commonness || one.place - other.place);
  return [...cold, ...common.map(([word]) => word).slice(0, Math.max(6 - cold.length, 2))];
}

/** The documents of words that are one slip away. */
export async function typos(ranker, word, lit) {
  const best = new Map();
  if (!ranker.manifest.letters.includes(word[0])) return [];
  const near = (await ranker.file(`f/${word[0]}.bin`, readWords)).filter(([term]) => oneSlipApart(word, term))
    .sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1)).slice(0, MAX_TYPOS);
  const lists = await Promise.all(near.map(([term]) => ranker.list(term)));
  lists.forEach((list) => ranker.raise(best, list, TYPO_WEIGHT));
  near.forEach(([term]) => lit.add(term));
  return [...best];
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
