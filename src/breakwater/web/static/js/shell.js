// The shell: dialogs, palette, theme, copying, toast, key settings.
(() => {
  "use strict";
  const bw = window.breakwater;
  const $ = (id) => document.getElementById(id);

  const openDialog = (id) => {
    const dialog = $(id);
    if (!dialog || dialog.open) return;
    document.querySelector("dialog[open]")?.close();
    dialog.showModal();
    dialog.querySelector("input")?.select();
  };
  bw.toast = (words) => {
    const toast = $("toast");
    toast.textContent = words;
    toast.hidden = false;
    clearTimeout(bw.toasting);
    bw.toasting = setTimeout(() => (toast.hidden = true), 5000);
  };

  addEventListener("click", async (event) => {
    const opener = event.target.closest?.("[data-opens]");
    if (opener) openDialog(opener.dataset.opens);
    const copy = event.target.closest?.("[data-copy]");
    if (copy) {
      await navigator.clipboard?.writeText(copy.dataset.copy).catch(() => null);
      bw.toast(bw.say("Copied."));
    }
    const theme = event.target.closest?.("[data-theme-set]");
    if (theme) setTheme(event, theme);
    if (event.target.matches?.("dialog")) event.target.close();
    for (const menu of document.querySelectorAll("details.person[open], details.more[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  const setTheme = (event, button) => {
    event.preventDefault();
    const theme = button.dataset.themeSet;
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    for (const other of document.querySelectorAll("[data-theme-set]")) {
      other.setAttribute("aria-pressed", String(other.dataset.themeSet === theme));
    }
    const body = new URLSearchParams({ theme, csrf: bw.csrf() });
    fetch("/me/theme", { method: "POST", body, redirect: "manual" }).catch(() => null);
    document.body.dispatchEvent(new CustomEvent("theme"));
  };
  bw.on("all.escape", () => {
    const menu = document.querySelector("details.person[open], details.more[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
      return;
    }
    document.querySelector(".top .meta a")?.click();
  });

  // Palette: pages and cases from the server, actions from the key table.
  const list = () => $("palette-list");
  const options = () => [...list().querySelectorAll("[role=option]:not([aria-disabled])")];
  const mark = (option) => {
    for (const other of options()) other.setAttribute("aria-selected", String(other === option));
    if (option) {
      $("palette-text").setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      $("palette-text").removeAttribute("aria-activedescendant");
    }
  };
  const addActions = () => {
    const text = $("palette-text").value.trim().toLowerCase();
    if (!text) return mark(options()[0]);
    const rows = bw.keyRows().filter((row) => row.textContent.toLowerCase().includes(text));
    if (rows.length) list().querySelector("[aria-disabled]")?.remove();
    for (const row of rows.slice(0, 5)) {
      const item = document.createElement("li");
      item.id = `found-${row.dataset.id.replace(".", "-")}`;
      item.setAttribute("role", "option");
      item.dataset.act = row.dataset.id;
      item.append(row.firstElementChild.cloneNode(true), row.querySelector("kbd").cloneNode(true));
      list().append(item);
    }
    mark(options()[0]);
  };
  const go = (option) => {
    if (!option) return;
    $("palette").close();
    if (option.dataset.act) bw.act(option.dataset.act);
    else if (option.dataset.url) location.assign(option.dataset.url);
  };
  addEventListener("DOMContentLoaded", () => {
    const input = $("palette-text");
    if (!input) return;
    input.addEventListener("keydown", (event) => {
      const all = options();
      const at = all.findIndex((o) => o.getAttribute("aria-selected") === "true");
      if (event.key === "ArrowDown") mark(all[(at + 1) % all.length]);
      else if (event.key === "ArrowUp") mark(all[(at - 1 + all.length) % all.length]);
      else if (event.key === "Enter") go(all[at]);
      else return;
      event.preventDefault();
    });
    $("palette").addEventListener("click", (event) => go(event.target.closest("[role=option]:not([aria-disabled])")));
    document.body.addEventListener("htmx:afterSwap", (event) => {
      if (event.detail.elt?.id === "palette-list" || event.target.id === "palette-list") addActions();
    });
    mark(options()[0]);
    settings();
  });

  // Keys of one's own (WCAG 2.1.4): off, or changed, kept in this browser for this person.
  const caps = () => {
    for (const row of bw.keyRows()) {
      const own = bw.recall("keys", {})[row.dataset.id];
      if (!own) continue;
      for (const cap of document.querySelectorAll(`[data-cap="${row.dataset.id}"]`)) cap.textContent = own;
    }
  };
  const remap = (button) => {
    const row = button.closest("[data-id]");
    button.textContent = bw.say("Press a key");
    const take = (event) => {
      event.preventDefault();
      event.stopPropagation();
      removeEventListener("keydown", take, true);
      button.textContent = bw.say("Change");
      if (event.key.length !== 1 || event.ctrlKey || event.altKey || event.metaKey) return;
      const near = new Set(["everywhere", row.dataset.on]);
      const taken = bw.keyRows().find((r) => r !== row && near.has(r.dataset.on) && bw.pressOf(r) === event.key);
      if (taken) return bw.toast(bw.say("That key is taken: %(what)s.", { what: taken.firstElementChild.textContent }));
      bw.remember("keys", { ...bw.recall("keys", {}), [row.dataset.id]: event.key });
      caps();
    };
    addEventListener("keydown", take, true);
  };
  const changeable = () => {
    for (const row of bw.keyRows().filter((one) => "letter" in one.dataset)) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiet";
      button.dataset.remap = row.dataset.id;
      button.textContent = bw.say("Change");
      button.ariaLabel = bw.say("Change the key: %(what)s", { what: row.firstElementChild.textContent });
      row.lastElementChild.append(button);
    }
  };
  const settings = () => {
    caps();
    changeable();
    const letters = $("set-letters");
    const press = $("set-press");
    letters.checked = bw.recall("letters", true);
    press.checked = bw.recall("press", false);
    letters.addEventListener("change", () => bw.remember("letters", letters.checked));
    press.addEventListener("change", () => bw.remember("press", press.checked));
    $("set-reset").addEventListener("click", () => {
      bw.remember("keys", {});
      bw.remember("letters", true);
      bw.remember("press", false);
      location.reload();
    });
    $("keys").addEventListener("click", (event) => {
      const button = event.target.closest("[data-remap]");
      if (button) remap(button);
    });
    $("keys-find").addEventListener("input", (event) => {
      const text = event.target.value.toLowerCase();
      for (const row of bw.keyRows()) row.hidden = !row.textContent.toLowerCase().includes(text);
    });
  };
})();
