// On every page: the theme switch and the copy buttons. Without it nothing is lost but these.
const root = document.documentElement;
const stored = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
if (stored()) root.dataset.theme = stored();

document.addEventListener("DOMContentLoaded", () => {
  const say = (text) => { document.getElementById("said").textContent = text; };

  const button = document.getElementById("theme");
  const dark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const name = () => { button.textContent = dark() ? "Light" : "Dark"; };
  button.hidden = false;
  name();
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* the choice lasts for this page */ }
    name();
  });

  // `/` goes to where one types, unless one does already.
  document.addEventListener("keydown", (event) => {
    const target = document.querySelector("#query, #paste, #q");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !target) return;
    if (event.target.closest("input, textarea, select")) return;
    event.preventDefault();
    target.focus();
  });

  // A page that is not there: its address says what was looked for.
  const missing = document.getElementById("missing");
  const words = location.pathname.split("/").filter(Boolean).pop()?.replace(/\.\w+$/, "").replace(/[^\p{L}\p{N}]+/gu, " ").trim();
  const box = document.getElementById("q");
  if (missing && words && box) {
    box.value = words;
    missing.querySelector("q").textContent = words;
    missing.querySelector("a").search = new URLSearchParams({ q: words });
    missing.hidden = false;
  }

  for (const copy of document.querySelectorAll("[data-copy]")) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(copy.parentElement.querySelector("code").textContent);
        say("Copied");
        copy.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(copy.parentElement.querySelector("code"));
        copy.textContent = "Selected";
      }
      setTimeout(() => { copy.textContent = "Copy"; }, 1500);
    });
  }
});
