// Links by keys: a digit says whether two media belong together, Enter saves it; arrows walk the graph.
// The forms work without this file.
(() => {
  "use strict";
  const bw = window.breakwater;
  const form = () => document.getElementById("verdict");
  const tell = (words) => {
    const status = document.getElementById("verdict-status");
    if (status) status.textContent = words;
  };
  const choose = (value) => {
    const input = form()?.querySelector(`[value="${value}"]`);
    if (!input) return;
    input.checked = true;
    tell(document.getElementById(`follows-${value}`).textContent);
  };
  bw.on("edge.confirm", () => choose("confirm"));
  bw.on("edge.reject", () => choose("reject"));
  bw.on("edge.decor", () => choose("decor"));
  bw.on("edge.skip", () => choose("skip"));
  bw.on("edge.save", () => form()?.requestSubmit());
  bw.on("edge.reason", () => document.getElementById("reason")?.focus());
  addEventListener("submit", (event) => {
    if (event.target.id !== "verdict") return;
    const chosen = event.target.querySelector(":checked");
    if (chosen && !event.target.dataset.sent) {
      event.target.dataset.sent = "yes"; // a second press while it is on its way says nothing
      return;
    }
    event.preventDefault();
    if (!chosen) tell(event.target.dataset.none);
  });
  addEventListener("pageshow", () => form()?.removeAttribute("data-sent"));
  addEventListener("change", (event) => event.target.closest?.("#verdict") && event.target.name === "verdict" && choose(event.target.value));
  addEventListener("click", (event) => {
    // A pointer that chose leaves the keys free: hold Space still shows both.
    if (event.detail > 0 && event.target.matches?.("#verdict [type=radio]")) event.target.blur();
  });

  const points = (on) => {
    document.body.classList.toggle("nopoints", !on);
    document.getElementById("points")?.setAttribute("aria-pressed", String(on));
  };
  addEventListener("click", (event) => {
    if (!event.target.closest?.("#points")) return;
    bw.remember("points", !bw.recall("points", true));
    points(bw.recall("points", true));
  });

  // The graph: one node is in the order of tabs; arrows go to the nearest one that way.
  const middle = (node) => {
    const box = node.querySelector("foreignObject, circle").getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const towards = (graph, from, [dx, dy]) => {
    const [x, y] = middle(from);
    let best = null;
    let least = Infinity;
    for (const node of graph.querySelectorAll("a")) {
      const [u, v] = middle(node);
      const ahead = (u - x) * dx + (v - y) * dy;
      const aside = Math.abs((u - x) * dy) + Math.abs((v - y) * dx);
      if (node === from || ahead <= 1 || ahead + 2 * aside >= least) continue;
      least = ahead + 2 * aside;
      best = node;
    }
    return best;
  };
  addEventListener("keydown", (event) => {
    const graph = event.target.closest?.("[data-graph]");
    const way = WAYS[event.key];
    if (!graph || !way || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const next = towards(graph, event.target.closest("a"), way);
    if (!next) return;
    for (const node of graph.querySelectorAll("a")) node.tabIndex = node === next ? 0 : -1;
    next.focus();
  }, true);
  document.addEventListener("htmx:afterSwap", ({ target }) => target.closest?.("#graph") && bw.stills?.());

  addEventListener("DOMContentLoaded", () => {
    points(bw.recall("points", true));
    const here = new URL(location.href);
    for (const name of ["done", "said"]) here.searchParams.delete(name);
    history.replaceState(history.state, "", here);
    setTimeout(() => {
      const toast = document.getElementById("done");
      if (toast && !toast.contains(document.activeElement)) toast.remove();
    }, 30000);
  });
})();
