const at = (id) => document.getElementById(id);
const tell = (element, ...types) => types.forEach((type) => element.dispatchEvent(new Event(type)));
let listening = false;
export async function help({ box, list, selects, total, ask }) {
if (!listening) listen(box, list, selects);
listening = true;
if (total > 0) return;
at("draft").textContent = draft(box.value);
const chosen = selects.some((select) => select.value);
const others = chosen ? (await ask(box.value, { limit: 0 })).total : 0;
at("others").hidden = others === 0;
at("others").textContent = `Search in everything: ${others} ${others === 1 ? "record" : "records"}`;
}
function listen(box, list, selects) {
const links = () => [...list.querySelectorAll("li > a")];
box.addEventListener("keydown", (event) => {
if (event.key === "Escape" && box.value) {
box.value = "";
tell(box, "change", "input");
} else if (event.key === "ArrowDown" && box.selectionEnd === box.value.length && links().length > 0) {
event.preventDefault();
links()[0].focus();
}
});
list.addEventListener("keydown", (event) => {
const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
if (!step && event.key !== "Escape") return;
event.preventDefault();
const next = step ? links().indexOf(event.target) + step : -1;
(next < 0 ? box : links()[next] ?? event.target).focus();
});
at("others").addEventListener("click", () => {
for (const select of selects) select.value = "";
tell(selects[0], "change");
box.focus();
});
}
function draft(text) {
const lines = text.trim().split("\n").map((line) => line.trimEnd());
return `title: ${JSON.stringify(lines[0])}\nproduct:\nsymptom: |\n  \`\`\`text\n${lines.map((line) => `  ${line}\n`).join("")}  \`\`\`\n`
+ "root_cause:\nfix:\nwrong_fixes:\nkeywords:\nsources:\n";
}
