// First pass and stacks: one tile is current; a digit marks it and goes on; the frame is seen while a key is held.
(() => {
  "use strict";
  const bw = window.breakwater;
  const tiles = () => [...document.querySelectorAll("[data-tile]")];
  const here = () => tiles().findIndex((tile) => tile.hasAttribute("data-current"));
  const choose = (at) => {
    const all = tiles();
    const tile = all[Math.min(all.length - 1, Math.max(0, at))];
    if (!tile) return;
    for (const other of all) other.toggleAttribute("data-current", other === tile);
    tile.scrollIntoView({ block: "nearest" });
    bw.hideFrame();
  };
  const across = () => {
    const all = tiles();
    const top = all[0].offsetTop;
    const next = all.findIndex((tile) => tile.offsetTop !== top);
    return next < 0 ? all.length : next;
  };
  for (const page of ["grade_first", "grade_stack"]) {
    bw.on(`${page}.before`, () => choose(here() - 1));
    bw.on(`${page}.after`, () => choose(here() + 1));
    bw.on(`${page}.up`, () => here() >= across() && choose(here() - across()));
    bw.on(`${page}.down`, () => choose(here() + across()));
  }

  const mark = (value) => {
    const tile = tiles()[here()];
    for (const input of tile.querySelectorAll("input")) input.checked = input.value === value;
    choose(here() + 1);
  };
  bw.on("grade_first.not_pertinent", () => mark("not_pertinent"));
  bw.on("grade_first.full_facts", () => mark("full_facts"));
  bw.on("grade_first.cannot_tell", () => mark("cannot_tell"));
  bw.on("grade_first.clear", () => mark(""));
  bw.on("grade_stack.same", () => mark("same"));
  bw.on("grade_stack.other", () => mark("other"));
  const markRest = (value) => {
    for (const tile of tiles()) {
      if (!tile.querySelector("input:checked")) tile.querySelector(`input[value="${value}"]`)?.click();
    }
  };
  bw.on("grade_stack.all", () => markRest("same"));
  // The tile under the pointer is the current one before its frame is asked for.
  addEventListener("pointerdown", ({ target }) => {
    const tile = target.closest?.("[data-tile]");
    if (tile) choose(tiles().indexOf(tile));
  }, true);
  addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-answer]");
    if (button) mark(button.dataset.answer);
    const rest = event.target.closest?.("[data-all]");
    if (rest) markRest(rest.dataset.all);
    if (event.detail && event.target.matches?.("[data-tile] input")) event.target.blur();
  });
  addEventListener("DOMContentLoaded", () => choose(here() < 0 ? 0 : here()));
})();
