// The search page: what was typed or pasted, ranked here by the same integers as on the command line.
// What can wait for the first answer is in search-rest.js.
import { lit, open } from "./ranker.js";

const at = (id) => document.getElementById(id);
const form = at("search"), box = at("query"), list = at("hits"), count = at("count");
const selects = [...form.querySelectorAll("select")];
const root = new URL(form.dataset.root, location.href).href;
const LIMIT = 20, PAUSE = 80, MAX_IN_ADDRESS = 1500;

let ranker, latest = 0, timer;
/** Whether the next change is a new step for the back button; changes while typing are one. */
let settled = true;

const rest = () => import("./search-rest.js");
const facets = () => selects.filter((select) => select.value).map((select) => `${select.name}=${select.value}`);

// ---- Finding --------------------------------------------------------------------------------------------

/** Asks once more with the newest index: a site that was built anew has other files. */
async function ask(...query) {
  try {
    return await (await (ranker ??= open(root))).search(...query);
  } catch {
    return (await (ranker = open(root))).search(...query);
  }
}

async function show() {
  const turn = ++latest;
  const text = box.value, chosen = facets();
  const asked = text.trim() !== "" || chosen.length > 0;
  let found = { hits: [], total: 0 };
  try {
    if (asked) found = await ask(text, { limit: LIMIT, facets: chosen });
  } catch {
    ranker = undefined;
    if (turn === latest) count.textContent = "The search index could not be read. Browsing works without it.";
    return;
  }
  if (turn !== latest) return;
  const { hits, total } = found;
  list.replaceChildren(...hits.map((hit) => item(hit, found.has)));
  count.textContent = !asked ? "" : total === 0 ? "No record matches these words."
    : total === 1 ? "1 record" : total > LIMIT ? `The best ${LIMIT} of ${total} records` : `${total} records`;
  at("help").hidden = asked;
  const none = asked && total === 0;
  if (!none) at("nothing").hidden = true;
  // The answer stands without the rest, which a newer site may lack; what it fills in is shown when it is whole.
  if (asked) await rest().then(({ help }) => help({ box, list, selects, total, ask }), () => {});
  if (turn === latest) at("nothing").hidden = !none;
}

// ---- Showing --------------------------------------------------------------------------------------------

function item(hit, has) {
  const keywords = hit.keywords.map((keyword) => [keyword, lit(keyword, has).length]).filter(([, n]) => n > 0);
  const [best] = keywords.sort((one, other) => other[1] - one[1]).map(([keyword]) => keyword);
  const seen = best !== undefined || [hit.title, hit.summary].some((text) => lit(text, has).length > 0);
  const entry = element("li", {}, [
    element("a", { href: `${root}${hit.id.includes("/") ? "" : "f/"}${hit.id}/` }, marked(hit.title, has)),
    element("p", {}, marked(hit.summary, has)),
    ...(best === undefined ? [] : [element("p", { class: "why" }, ["Found as: ", element("q", {}, marked(best, has))])]),
    ...(seen || !box.value.trim() ? [] : [element("p", { class: "why" }, ["The words stand further down in it."])]),
    ...(hit.fix ? [element("p", { class: "why" }, ["Fix: ", hit.fix])] : []),
    element("p", { class: "meta" }, [hit.product, hit.category].filter(Boolean).map((name) => element("span", {}, [name]))),
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

function marked(text, has) {
  const pieces = [];
  let done = 0;
  for (const [start, end] of lit(text, has)) {
    pieces.push(text.slice(done, start), element("mark", {}, [text.slice(start, end)]));
    done = end;
  }
  return [...pieces, text.slice(done)];
}

// ---- The address, and the back button -------------------------------------------------------------------

function remember() {
  const url = new URL(location.href);
  url.search = "";
  // A host may refuse an address that is as long as a log; going back still finds all of it.
  if (box.value) url.searchParams.set("q", box.value.slice(0, MAX_IN_ADDRESS));
  for (const { name, value } of selects) if (value) url.searchParams.set(name, value);
  history[settled ? "pushState" : "replaceState"]({ text: box.value }, "", url);
  settled = false;
}

function restore(state) {
  const asked = new URL(location.href).searchParams;
  box.value = state?.text ?? asked.get("q") ?? "";
  for (const select of selects) {
    const value = asked.get(select.name) ?? "";
    if (![...select.options].some((option) => option.value === value)) select.append(element("option", { value }, [value]));
    select.value = value;
  }
  settled = true;
  return show();
}

const changed = (pause) => {
  remember();
  clearTimeout(timer);
  timer = setTimeout(show, pause);
};

form.addEventListener("submit", (event) => {
  event.preventDefault();
  settled = true;
  clearTimeout(timer);
  show().then(() => list.querySelector("a")?.focus());
});
box.addEventListener("input", () => changed(PAUSE));
box.addEventListener("change", () => { settled = true; });
box.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});
for (const select of selects) select.addEventListener("change", () => { settled = true; changed(0); });
addEventListener("popstate", (event) => restore(event.state));

restore(history.state);
box.focus();
