// Search by example: a file is dropped or chosen, a box is drawn or given in numbers, and all is sent.
// The picture is shown in grey, and only when somebody asks for it.
(() => {
  "use strict";
  const bw = window.breakwater;
  const form = document.getElementById("search");
  const file = document.getElementById("f-example");
  const board = document.getElementById("board");
  const show = document.getElementById("show");
  const status = document.getElementById("search-status");
  const found = document.getElementById("found");
  const fields = Object.fromEntries([...form.querySelectorAll("[data-box]")].map((one) => [one.dataset.box, one]));
  const pen = board.getContext("2d");
  let picture = null;
  let start = null;

  const box = () => {
    const [x, y, w, h] = ["x", "y", "w", "h"].map((name) => Number(fields[name].value));
    return w > 0 && h > 0 ? [x, y, w, h] : null;
  };
  const draw = () => {
    pen.clearRect(0, 0, board.width, board.height);
    if (!picture) return;
    pen.filter = "grayscale(1)";
    pen.drawImage(picture, 0, 0, board.width, board.height);
    pen.filter = "none";
    const part = box();
    if (!part) return;
    const [x, y, w, h] = part.map((value, n) => (value / 100) * (n % 2 ? board.height : board.width));
    pen.lineWidth = 4;
    pen.strokeStyle = "#000";
    pen.strokeRect(x, y, w, h);
    pen.lineWidth = 2;
    pen.strokeStyle = "#FFF";
    pen.strokeRect(x, y, w, h);
  };
  const shown = (on) => {
    board.hidden = !on;
    show.setAttribute("aria-pressed", String(on));
    draw();
  };
  const read = async () => {
    picture?.close();
    picture = null;
    const one = file.files[0];
    if (one?.type.startsWith("image/")) picture = await createImageBitmap(one).catch(() => null);
    if (picture) {
      const scale = Math.min(1, 480 / picture.width, 360 / picture.height);
      board.width = Math.max(1, Math.round(picture.width * scale));
      board.height = Math.max(1, Math.round(picture.height * scale));
    }
    show.disabled = !picture;
    shown(false);
  };
  file.addEventListener("change", read);
  show.addEventListener("click", () => shown(board.hidden));
  document.getElementById("whole").addEventListener("click", () => {
    for (const one of Object.values(fields)) one.value = "";
    draw();
  });
  for (const one of Object.values(fields)) one.addEventListener("input", draw);

  const drop = document.getElementById("drop");
  for (const kind of ["dragenter", "dragover"]) {
    form.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  form.addEventListener("dragleave", () => drop.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (!event.dataTransfer.files.length) return;
    file.files = event.dataTransfer.files;
    read();
  });

  const tenths = (value) => Math.round(value * 10) / 10;
  const at = (event) => {
    const edge = board.getBoundingClientRect();
    const share = (value, size) => Math.min(100, Math.max(0, tenths((value / size) * 100)));
    return [share(event.clientX - edge.left, edge.width), share(event.clientY - edge.top, edge.height)];
  };
  const stretch = (event) => {
    const [u, v] = at(event);
    const [x, y] = start;
    fields.x.value = Math.min(x, u);
    fields.y.value = Math.min(y, v);
    fields.w.value = tenths(Math.abs(u - x));
    fields.h.value = tenths(Math.abs(v - y));
    draw();
  };
  board.addEventListener("pointerdown", (event) => {
    start = at(event);
    board.setPointerCapture(event.pointerId);
  });
  board.addEventListener("pointermove", (event) => start && stretch(event));
  board.addEventListener("pointerup", (event) => {
    if (start) stretch(event);
    start = null;
  });

  const body = () => {
    const sent = new FormData();
    sent.append("reason", form.elements.reason.value);
    const part = box();
    if (part) {
      const [x, y] = [Math.min(part[0], 99), Math.min(part[1], 99)];
      const sides = [x, y, Math.min(part[2], 100 - x), Math.min(part[3], 100 - y)];
      sent.append("box", sides.map((value) => (value / 100).toFixed(4)).join(","));
    }
    if (form.elements.time_s.value) sent.append("time_s", form.elements.time_s.value);
    sent.append("example", file.files[0]);
    return sent;
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.dataset.sent) return;
    form.dataset.sent = "yes";
    status.textContent = form.dataset.running;
    const headers = { "X-CSRF-Token": bw.csrf(), Accept: "text/html" };
    const answer = await fetch("/links/search", { method: "POST", headers, body: body() }).catch(() => null);
    delete form.dataset.sent;
    const words = answer ? await answer.text() : "";
    const part = new DOMParser().parseFromString(words, "text/html");
    const ours = answer && !part.querySelector("main, #main, nav");
    status.textContent = ours ? "" : form.dataset.failed;
    found.hidden = !ours;
    if (!ours) return;
    found.replaceChildren(...part.body.childNodes);
    found.focus();
  });
})();
