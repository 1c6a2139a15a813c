// A box is drawn on the picture while it is held, or given in numbers; the picture goes, the box stays.
(() => {
  "use strict";
  const board = document.getElementById("board");
  const fields = ["x", "y", "w", "h"].map((name) => document.querySelector(`[data-box="${name}"]`));
  const paths = [document.getElementById("box-under"), document.getElementById("box-over")];
  if (!board || !paths[0]) return;
  const [left, top, wide, high] = board.dataset.place.split(" ").map(Number); // of 160 by 90
  let start = null;

  const draw = () => {
    const [x, y, w, h] = fields.map((one) => Number(one.value));
    const made = w > 0 && h > 0;
    const path = made ? `M${left + (x * wide) / 100} ${top + (y * high) / 100}h${(w * wide) / 100}v${(h * high) / 100}h${(-w * wide) / 100}z` : "";
    for (const one of paths) one.setAttribute("d", path);
  };
  const at = (event) => {
    const edge = board.getBoundingClientRect();
    const share = (value, size, from, length, all) => Math.min(100, Math.max(0, (((value / size) * all - from) / length) * 100));
    return [share(event.clientX - edge.left, edge.width, left, wide, 160), share(event.clientY - edge.top, edge.height, top, high, 90)];
  };
  const stretch = (event) => {
    const [u, v] = at(event);
    const [x, y] = start;
    if (Math.abs(u - x) < 1 && Math.abs(v - y) < 1) return; // a press alone draws nothing
    const values = [Math.min(x, u), Math.min(y, v), Math.abs(u - x), Math.abs(v - y)];
    fields.forEach((one, n) => (one.value = values[n].toFixed(1)));
    draw();
  };
  board.addEventListener("pointerdown", (event) => {
    if (event.button === 0) start = at(event);
  });
  addEventListener("pointermove", (event) => start && stretch(event));
  for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => (start = null));
  for (const one of fields) one.addEventListener("input", draw);
  const time = document.getElementById("f-time");
  time?.addEventListener("input", () => {
    const frame = Math.round(Number(time.value) * 1000);
    if (Number.isFinite(frame) && frame >= 0) board.closest("[data-evidence]").dataset.frame = frame;
  });
  draw();
})();
