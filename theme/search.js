// The search page: what was typed, ranked here by the same integers as on the command line.
import { lit, open } from "./ranker.js";

const form = document.getElementById("search");
const box = document.getElementById("query");
const list = document.getElementById("hits");
const count = document.getElementById("count");
const root = form.dataset.root;
const LIMIT = 20;

let ranker;
let latest = 0;

async function show(query) {
  const turn = ++latest;
  ranker ??= open(new URL(root, location.href).href);
  let hits;
  try {
    hits = query.trim() ? (await ranker).search(query, { limit: LIMIT }) : [];
  } catch {
    ranker = undefined;
    count.textContent = "The search index could not be read. Browsing works without it.";
    return;
  }
  if (turn !== latest) return;
  list.replaceChildren(...hits.map(item));
  count.textContent = !query.trim() ? "" : hits.length === 0 ? "No record matches these words."
    : hits.length === 1 ? "1 record" : hits.length === LIMIT ? `The best ${LIMIT} records` : `${hits.length} records`;
}

function item(hit) {
  const entry = element("li", {}, [
    element("a", { href: `${root}${hit.id.includes("/") ? "" : "f/"}${hit.id}/` }, marked(hit.title, hit.words)),
    element("p", {}, marked(hit.summary, hit.words)),
    element("p", { class: "meta" }, [element("span", {}, [hit.product])]),
  ]);
  entry.dataset.id = hit.id;
  entry.dataset.score = hit.score;
  return entry;
}

function element(name, attributes, children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function marked(text, words) {
  const pieces = [];
  let at = 0;
  for (const [start, end] of lit(text, words)) {
    pieces.push(text.slice(at, start), element("mark", {}, [text.slice(start, end)]));
    at = end;
  }
  return [...pieces, text.slice(at)];
}

const remember = (query) => {
  const url = new URL(location.href);
  query ? url.searchParams.set("q", query) : url.searchParams.delete("q");
  history.replaceState(null, "", url);
};

form.addEventListener("submit", (event) => {
  event.preventDefault();
  remember(box.value);
  show(box.value);
});
box.addEventListener("input", () => {
  remember(box.value);
  show(box.value);
});
box.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    form.requestSubmit();
  }
});

box.value = new URL(location.href).searchParams.get("q") ?? "";
box.focus();
show(box.value);
