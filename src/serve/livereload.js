// In a previewed page: reloads it when its own content changed, and shows what is wrong, as text.
(() => {
  const build = new URL(document.currentScript.src).searchParams.get("build");
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

  function connect() {
    const socket = new WebSocket(`ws://${location.host}/__livereload`);
    socket.onopen = () => { wait = 100; };
    socket.onmessage = ({ data }) => {
      const news = JSON.parse(data);
      const mine = news.type === "hello" ? news.build !== build : news.urls.includes(location.pathname);
      if (mine && news.type !== "error") location.reload();
      else show(news.text);
    };
    socket.onclose = () => {
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, 5000);
    };
  }
  connect();
})();
