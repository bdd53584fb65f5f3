// A host that knows nothing but files: `node host.mjs FOLDER`. It reads `_headers` as hosts do, answers with `404.html`
// where nothing is, and lets images come late, so that a page which moves when one arrives is seen to move.
import { createServer } from "node:http";
import { readFile } from "node:fs";

const [folder] = process.argv.slice(2);
const LATE = 150;
const types = { html: "text/html", css: "text/css", js: "text/javascript", json: "application/json", svg: "image/svg+xml", png: "image/png", md: "text/markdown", sh: "text/plain", txt: "text/plain", xml: "application/xml" };

/** What `_headers` says: a pattern in each line that is not indented, and below it headers. */
function rules(text) {
  const found = [];
  for (const line of text.split("\n").filter((line) => line.trim())) {
    if (!line.startsWith(" ")) found.push({ pattern: line.trim(), headers: {} });
    else found.at(-1).headers[line.split(":")[0].trim()] = line.slice(line.indexOf(":") + 1).trim();
  }
  return found;
}

const fits = (pattern, path) => pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern;

readFile(`${folder}/_headers`, "utf8", (_, text) => {
  const known = rules(text ?? "");
  createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://host").pathname);
    const file = path.replace(/\/$/, "/index.html");
    const ending = file.split(".").pop();
    const headers = Object.assign({}, ...known.filter(({ pattern }) => fits(pattern, path)).map(({ headers }) => headers));
    const answer = (status, body, type) => {
      response.writeHead(status, { ...headers, "content-type": types[type] ?? "application/octet-stream" });
      response.end(body);
    };
    readFile(folder + file, (error, body) => {
      if (error) readFile(`${folder}/404.html`, (_, page) => answer(404, page, "html"));
      else setTimeout(() => answer(200, body, ending), ending === "png" ? LATE : 0);
    });
  }).listen(0, "127.0.0.1", function () { console.log(`port ${this.address().port}`); });
});
