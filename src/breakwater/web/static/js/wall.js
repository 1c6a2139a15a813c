// The live wall: arrows choose one tile, the panel names it, and keys act on that one alone.
(() => {
  "use strict";
  const bw = window.breakwater;
  const tiles = () => [...document.querySelectorAll("[data-tile]")];
  const current = () => document.querySelector("[data-tile][aria-current]");
  const link = (tile) => tile.querySelector("h3 a");
  let chosen = "";

  const choose = (tile, focus = true) => {
    for (const other of tiles()) {
      if (other === tile) other.setAttribute("aria-current", "true");
      else other.removeAttribute("aria-current");
      link(other).tabIndex = other === tile ? 0 : -1;
    }
    chosen = tile.id;
    document.getElementById("target-name").textContent = bw.say("Keys act on %(name)s.", { name: tile.dataset.name });
    document.getElementById("target-why").textContent = tile.dataset.why;
    if (focus) link(tile).focus();
  };

  // By place on the screen and not by order in the list: up is up, whatever the width.
  const near = (x, y) => {
    const from = current()?.getBoundingClientRect();
    if (!from) return tiles()[0];
    const middle = (box) => [box.left + box.width / 2, box.top + box.height / 2];
    const [fx, fy] = middle(from);
    let best = null;
    let least = Infinity;
    for (const tile of tiles()) {
      const [tx, ty] = middle(tile.getBoundingClientRect());
      const along = (tx - fx) * x + (ty - fy) * y;
      const aside = Math.abs((tx - fx) * y) + Math.abs((ty - fy) * x);
      if (along > 1 && along + 3 * aside < least) [best, least] = [tile, along + 3 * aside];
    }
    return best;
  };
  const step = (x, y) => () => {
    const tile = near(x, y);
    if (tile) choose(tile);
  };
  bw.on("wall.left", step(-1, 0));
  bw.on("wall.right", step(1, 0));
  bw.on("wall.up", step(0, -1));
  bw.on("wall.down", step(0, 1));
  bw.on("wall.open", () => current() && link(current()).click());
  bw.on("wall.freeze", () => current()?.querySelector("form button")?.click());

  document.addEventListener("focusin", (event) => {
    const tile = event.target.closest?.("[data-tile]");
    if (tile && tile !== current()) choose(tile, false);
  });
  // One tile can be reached by Tab: the chosen one, also after the order was brought up to date.
  const settle = () => {
    const tile = chosen && document.getElementById(chosen);
    if (tile) choose(tile, false);
    else tiles().forEach((one, n) => (link(one).tabIndex = n ? -1 : 0));
  };
  addEventListener("DOMContentLoaded", () => {
    settle();
    document.body.addEventListener("htmx:afterSwap", settle);
  });
})();
