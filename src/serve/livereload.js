// In a previewed page: loads it again when it is another one, changes its looks in place, and shows what is wrong, as text.
(() => {
  const given = new URL(document.currentScript.src).searchParams;
  const kept = "faultbook-scroll";
  let overlay;
  let wait = 100;

  function show(text) {
    if (!text) { overlay?.remove(); overlay = undefined; return; }
    if (!overlay) {
      overlay = document.createElement("pre");
      overlay.id = "faultbook-trouble";
      overlay.setAttribute("role", "alert");
      Object.assign(overlay.style, {
        position: "fixed", inset: "auto 0 0 0", zIndex: "99", margin: "0", maxHeight: "60vh", overflow: "auto",
        padding: "1rem", background: "#1b1213", color: "#ffdada", borderTop: "4px solid #ff6b6b",
        borderRadius: "0", whiteSpace: "pre-wrap", font: "14px/1.45 ui-monospace, Menlo, Consolas, monospace",
      });
      document.body.append(overlay);
    }
    overlay.textContent = text;
  }

  function reload() {
    sessionStorage.setItem(kept, JSON.stringify([location.pathname, scrollX, scrollY]));
    location.reload();
  }

  function scroll() {
    const [path, x, y] = JSON.parse(sessionStorage.getItem(kept) ?? "[]");
    sessionStorage.removeItem(kept);
    if (path === location.pathname) scrollTo({ left: x, top: y, behavior: "instant" });
  }

  // A sheet is known by its name without the digest in it.
  const plain = (url) => new URL(url, location.href).pathname.replace(/\.[0-9a-f]{10}(?=\.css$)/, "");

  function restyle(urls) {
    for (const old of document.querySelectorAll("link[rel=stylesheet]")) {
      const url = urls.find((url) => plain(url) === plain(old.href));
      if (!url || new URL(url, location.href).href === old.href) continue;
      const sheet = old.cloneNode();
      sheet.href = url;
      // The old one goes when the new one is there, so that the page is never without.
      sheet.onload = sheet.onerror = () => old.remove();
      old.after(sheet);
    }
  }

  function hear({ type, urls, text }) {
    if (type === "reload" && urls.includes(location.pathname)) reload();
    else if (type === "css") restyle(urls);
    else if (type === "error") show(text);
    else if (type === "mended") show();
    else if (type === "follow" && document.visibilityState === "visible") location.assign(urls[0]);
  }

  function connect() {
    const shown = new URLSearchParams(given);
    shown.set("path", location.pathname);
    const socket = new WebSocket(`ws://${location.host}/__livereload?${shown}`);
    socket.onopen = () => { wait = 100; };
    socket.onmessage = ({ data }) => hear(JSON.parse(data));
    socket.onclose = () => {
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, 5000);
    };
  }
  scroll();
  connect();
})();
