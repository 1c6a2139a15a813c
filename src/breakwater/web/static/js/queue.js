// The queue: choosing rows, and the acts of the panel by their keys. All of it are plain forms too.
(() => {
  "use strict";
  const bw = window.breakwater;
  const boxes = () => [...document.querySelectorAll("#bulk [name=case]")];
  const row = () => document.querySelector('#queue-rows tr[aria-selected="true"]');
  const panel = () => document.getElementById("preview");

  const count = () => {
    const node = document.querySelector("[data-chosen]");
    if (!node) return;
    node.dataset.none ??= node.textContent;
    const n = boxes().filter((box) => box.checked).length;
    const { none, one, many } = node.dataset;
    node.textContent = n === 0 ? none : n === 1 ? one : many.replace("#", n);
  };
  const tick = (box, on) => {
    if (box) box.checked = on;
    count();
  };
  bw.on("queue.select", () => {
    const box = row()?.querySelector("[name=case]");
    tick(box, !box?.checked);
  });
  bw.on("queue.select_all", () => {
    const all = boxes();
    const on = !all.every((box) => box.checked);
    for (const box of all) tick(box, on);
  });

  // The panel is about the row under the bar. A key that is quicker than the panel waits for it.
  let wanted = "";
  const open = (id) => {
    const current = row();
    if (!current || panel().dataset.case !== current.id.split("-")[1]) {
      wanted = id;
      return;
    }
    const summary = panel().querySelector(`[data-key="${id}"]`);
    if (!summary) return;
    summary.parentElement.open = true;
    summary.parentElement.querySelector("select, input:not([type=hidden])")?.focus();
  };
  for (const id of ["queue.skip", "queue.hand_over", "queue.escalate"]) bw.on(id, () => open(id));
  document.addEventListener("htmx:afterSwap", ({ target }) => {
    count();
    if (target.id !== "preview" || !wanted) return;
    const id = wanted;
    wanted = "";
    open(id);
  });

  addEventListener("change", ({ target }) => target.matches?.("[name=case]") && count());
  addEventListener("DOMContentLoaded", () => {
    count();
    // What was just done or refused is said once; loading anew shows the queue itself.
    const here = new URL(location.href);
    if (document.body.dataset.page === "queue" && here.pathname !== "/queue") here.pathname = "/queue";
    here.searchParams.delete("said");
    here.searchParams.delete("case");
    history.replaceState(history.state, "", here);
  });
})();
