// Keys: the key sheet in the page is the table; this file obeys it. Nothing else reads the keyboard.
(() => {
  "use strict";
  const bw = (window.breakwater = window.breakwater || {});
  const handlers = new Map();
  let first = "";
  let firstAt = 0;
  let held = null;

  const slot = (name) => `breakwater:${document.body.dataset.person}:${name}`;
  bw.recall = (name, otherwise) => {
    try {
      return JSON.parse(localStorage.getItem(slot(name))) ?? otherwise;
    } catch {
      return otherwise;
    }
  };
  bw.remember = (name, value) => localStorage.setItem(slot(name), JSON.stringify(value));
  bw.csrf = () => document.querySelector("meta[name=csrf]").content;
  bw.on = (id, act) => handlers.set(id, typeof act === "function" ? { down: act } : act);

  const rows = () => [...document.querySelectorAll("#keys [data-id]")];
  const pressOf = (row) => bw.recall("keys", {})[row.dataset.id] ?? row.dataset.press;
  bw.keyRows = rows;
  bw.pressOf = pressOf;

  const nameOf = (event) => {
    const plain = event.key === " " ? "Space" : event.key;
    const key = event.shiftKey && /^(Enter|[A-Z])$/.test(plain) ? `Shift ${plain}` : plain;
    return event.ctrlKey ? `Ctrl ${key.length === 1 ? key.toLowerCase() : key}` : key;
  };
  const typing = (node) => node.matches?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

  const find = (press) =>
    rows().find((row) => pressOf(row) === press || row.dataset.also === press);

  bw.act = (id, phase = "down") => {
    const handler = handlers.get(id);
    if (handler) return handler[phase]?.();
    if (phase === "up") return;
    const node = document.querySelector(`[data-key="${id}"]:not([hidden])`);
    if (!node) return;
    if (node.matches("input")) node.focus();
    else node.click();
  };

  const WHILE_TYPING = new Set(["Ctrl k", "Ctrl Enter"]);
  const idle = (event) => {
    if (event.altKey || event.metaKey || event.isComposing) return true;
    const name = nameOf(event);
    const asked = document.querySelector("dialog[open]");
    if (asked ? name !== "Ctrl k" : typing(event.target) && !WHILE_TYPING.has(name)) {
      if (name === "Escape" && typing(event.target)) event.target.blur();
      return true;
    }
    if (event.ctrlKey) return !WHILE_TYPING.has(name);
    const native = event.target.closest("button, summary, input, a[href]");
    if (name === "Enter" && native) return true;
    if (name.startsWith("Arrow") && event.target.matches("input[type=radio]")) return true;
    return name === "Space" && native && !native.matches("a, [data-hold]");
  };

  addEventListener("keydown", (event) => {
    if (idle(event)) return;
    const name = nameOf(event);
    const letter = name.length === 1;
    if (letter && !bw.recall("letters", true)) return;
    if (first && Date.now() - firstAt < 1500) {
      const row = find(`${first} ${name}`);
      first = "";
      if (row) {
        event.preventDefault();
        bw.act(row.dataset.id);
        return;
      }
    }
    const row = find(name);
    if (!row) {
      const starts = letter && rows().some((r) => r.dataset.press.startsWith(`${name} `));
      first = starts && !event.repeat ? name : "";
      firstAt = Date.now();
      return;
    }
    event.preventDefault();
    if (event.repeat && (letter || held || name.endsWith("Enter") || name.startsWith("Shift"))) return; // a held Enter decides once
    if (handlers.get(row.dataset.id)?.up) held = { id: row.dataset.id, code: event.code };
    bw.act(row.dataset.id);
  });

  addEventListener("keyup", (event) => {
    if (!held || held.code !== event.code) return;
    event.preventDefault();
    const { id } = held;
    held = null;
    bw.act(id, "up");
  });

  // Rows: one is current; moving it moves focus with it and never changes the order.
  const table = () => document.querySelector("[data-rows]");
  let chosen = "";
  let later = 0;
  const choose = (row, { focus = true, tell = true } = {}) => {
    if (!row) return;
    for (const other of row.parentElement.children) {
      other.setAttribute("aria-selected", other === row ? "true" : "false");
    }
    chosen = row.id;
    if (focus) row.querySelector("a")?.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
    if (!tell || !row.hasAttribute("hx-get")) return;
    clearTimeout(later);
    later = setTimeout(() => window.htmx.trigger(row, "row-chosen"), 120);
    const here = new URL(location.href);
    here.searchParams.set("at", row.id.split("-")[1]);
    history.replaceState(history.state, "", here);
  };
  const step = (by) => {
    const all = [...(table()?.tBodies[0]?.rows ?? [])];
    const at = all.findIndex((row) => row.getAttribute("aria-selected") === "true");
    choose(all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + by))]);
  };
  for (const page of ["queue", "appeals", "banks", "audit", "people", "qa", "links", "links_waiting", "links_cutouts"]) {
    bw.on(`${page}.down`, () => step(1));
    bw.on(`${page}.up`, () => step(-1));
  }
  const openRow = () => table()?.querySelector('tr[aria-selected="true"] a')?.click();
  bw.on("queue.open", openRow);
  bw.on("banks.open", openRow);
  bw.on("appeals.open", openRow);
  bw.on("people.open", openRow);
  bw.on("links.open", openRow);
  bw.on("links_waiting.open", openRow);
  bw.on("links_cutouts.open", openRow);

  addEventListener("click", (event) => {
    const row = event.target.closest?.("[data-rows] tbody tr");
    if (row && !event.target.closest("a, button")) choose(row);
  });
  addEventListener("DOMContentLoaded", () => {
    const at = new URL(location.href).searchParams.get("at");
    const row = at && document.getElementById(`case-${at}`);
    if (row) choose(row, { focus: false });
    document.body.addEventListener("htmx:afterSwap", () => {
      const again = chosen && document.getElementById(chosen);
      if (again && again.getAttribute("aria-selected") !== "true") choose(again, { focus: false, tell: false });
    });
  });
})();
