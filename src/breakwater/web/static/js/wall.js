// The live wall: arrows choose one tile, the panel names it, keys act on that one alone. Small stills
// are fetched for tiles in view of a visible tab, the riskier the oftener; each fetch is written down.
(() => {
  "use strict";
  const bw = window.breakwater;
  const OLD_S = 10;
  const EVERY_MS = { now: 2000, high: 4000, medium: 8000, low: 12000 };
  const AGAIN_MS = 30000;
  const UNSAID = '<p id="target-said" role="status"></p>';
  const tiles = () => [...document.querySelectorAll(".tiles > li")].filter((tile) => tile.offsetParent);
  const current = () => document.querySelector(".tiles > li[aria-current]");
  const link = (tile) => tile.querySelector("a");
  const label = (tile) => link(tile).textContent;
  const byId = (id) => document.getElementById(`t${id}`);
  const byLabel = (wanted) => tiles().find((tile) => label(tile) === wanted);
  const idOf = (tile) => tile.id.slice(1);
  const panel = () => document.getElementById("target-of");
  const shows = () => panel()?.dataset.at ?? "";
  let chosen = "";
  let later = 0;
  let opening = "";

  // The target. Until its panel is here, no button of the one before is left to press.
  const name = (tile) => {
    if (shows() === label(tile)) return;
    panel().dataset.at = "";
    panel().replaceChildren();
    const [said, why] = [document.createElement("p"), document.createElement("p")];
    const strong = document.createElement("strong");
    strong.id = "target-name";
    strong.textContent = bw.say("Keys act on %(name)s.", { name: label(tile) });
    said.append(strong);
    why.id = "target-why";
    why.textContent = tile.querySelector("p").textContent;
    panel().append(said, why);
  };
  // Orders wait for one another (hx-sync of the page) and none is dropped; the panel is read once
  // at a time, and once more when something changed meanwhile.
  let reading = false;
  let stale = false;
  const ask = (verb, path, values = {}) =>
    window.htmx.ajax(verb, path, { target: "#target-of", swap: "morph:outerHTML", values });
  const fetchPanel = () => {
    if (!chosen || reading) return (stale = reading);
    reading = true;
    ask("GET", `/live/target?at=${chosen}`);
  };
  const isRead = ({ detail }) => {
    if (detail.requestConfig.verb !== "get" || detail.target.id !== "target-of") return;
    const again = stale || !detail.target.isConnected; // a form has put another in its place
    reading = stale = false;
    if (again && !signing()) fetchPanel();
  };
  const choose = (tile, focus = true, wait = 120) => {
    for (const other of document.querySelectorAll(".tiles > li")) {
      if (other === tile) other.setAttribute("aria-current", "true");
      else other.removeAttribute("aria-current");
      link(other).tabIndex = other === tile ? 0 : -1;
    }
    const fresh = chosen !== label(tile);
    chosen = label(tile);
    name(tile);
    if (focus) link(tile).focus();
    if (focus) tile.scrollIntoView({ block: "nearest" });
    if (!fresh || shows() === chosen) return;
    const here = new URL(location.href);
    here.search = `?at=${chosen}`;
    history.replaceState(history.state, "", here);
    clearTimeout(later);
    later = setTimeout(fetchPanel, wait);
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
  const order = (values) => () => {
    if (!chosen) return bw.toast(bw.say("Choose a stream with the arrow keys."));
    clearTimeout(later);
    ask("POST", `/live/${chosen}/orders`, { ...values, csrf: bw.csrf() });
  };
  bw.on("wall.freeze", order({ to: "frozen" }));
  bw.on("wall.cut", order({ to: "cut" }));
  bw.on("wall.watch", order({ to: "watched" }));
  bw.on("wall.hide", order({ to: "hidden" }));
  const role = (who) => () => panel().querySelector(".roles") && shows() === chosen && order({ to: "cut", role: who })();
  bw.on("wall.suspect", role("suspect"));
  bw.on("wall.apparent_child", role("apparent_child"));
  bw.on("wall.unknown", role("unknown"));
  // A cut is signed in place: the browser asks for the passkey at once, or the password has the focus.
  const signing = () => panel()?.querySelector("form.sign:not(section form)");
  let signed = false;
  const ready = () => {
    const form = signing();
    if (!form) {
      // What had the focus went with the form: the question that follows a cut has it then.
      if (signed && document.activeElement === document.body) document.getElementById("roles-title")?.focus();
      return;
    }
    if (form.dataset.sign && !panel().querySelector("#target-said.wrong")) form.requestSubmit();
    else form.querySelector("input[type='password'], a")?.focus();
  };
  const open = () => {
    if (shows() !== chosen) return (opening = chosen);
    opening = "";
    panel().querySelector("[data-key='wall.open']")?.click();
  };
  bw.on("wall.open", () => chosen && open());

  const wide = () => matchMedia("(min-width: 1024px)").matches;
  addEventListener("click", (event) => {
    const tile = event.target.closest?.(".tiles > li");
    if (!tile || event.target.closest("button") || !wide()) return;
    event.preventDefault();
    choose(tile);
    if (event.detail === 0) open(); // Enter on the link
  });
  document.addEventListener("focusin", (event) => {
    const tile = event.target.closest?.(".tiles > li");
    if (tile && tile !== current() && wide()) choose(tile, false);
  });

  // Small stills.
  const boxes = new Map();
  const inView = new Set();
  let hidden = false;
  let resting = 0;
  let busy = false;
  const watch = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) inView[isIntersecting ? "add" : "delete"](target.id);
  });
  const box = (tile) => {
    if (!boxes.has(tile.id)) {
      const made = document.createElement("div");
      made.className = "still";
      const [canvas, veil] = [document.createElement("canvas"), document.createElement("span")];
      canvas.width = 32;
      canvas.height = 18;
      canvas.setAttribute("aria-hidden", "true");
      veil.className = "veil meta";
      made.append(canvas, veil);
      boxes.set(tile.id, { node: made, at: 0, taken: 0 });
    }
    const kept = boxes.get(tile.id);
    if (kept.node.parentElement !== tile) tile.append(kept.node);
    return kept;
  };
  const rank = (tile) => Object.keys(EVERY_MS).find((one) => tile.classList.contains(one)) ?? "low";
  const age = (tile, now) => {
    const { taken, node } = box(tile);
    const veil = node.querySelector(".veil");
    node.classList.toggle("none", !taken);
    const seconds = Math.round((now - taken) / 1000);
    const words = taken ? (seconds > OLD_S ? bw.say("Old picture, %(n)s s", { n: seconds }) : bw.say("%(n)s s old", { n: seconds })) : bw.say("No picture yet");
    if (!tile.classList.contains("gone") && veil.textContent !== words) veil.textContent = words;
  };
  const draw = async (one, now) => {
    const tile = byId(one.stream);
    if (!tile || hidden) return;
    const bytes = Uint8Array.from(atob(one.webp), (c) => c.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: "image/webp" }));
    const kept = box(tile);
    const canvas = kept.node.querySelector("canvas");
    canvas.width = picture.width;
    canvas.height = picture.height;
    canvas.getContext("2d").drawImage(picture, 0, 0);
    picture.close();
    kept.taken = now - one.age_s * 1000;
  };
  const rest = (status) => {
    resting = Date.now() + AGAIN_MS;
    for (const { node } of boxes.values()) {
      node.querySelector(".veil").textContent = status === 423 ? bw.say("Pictures rest: your break. Cutting works.") : bw.say("Pictures are not shown now.");
    }
  };
  const look = async () => {
    const now = Date.now();
    const all = tiles().filter((tile) => "still" in tile.dataset);
    if (!document.getElementById("wall")?.hasAttribute("data-pictures") || hidden || now < resting) return;
    for (const tile of all) age(tile, now);
    if (document.hidden || bw.paused || busy || innerWidth < 640) return;
    const due = all.filter((tile) => inView.has(tile.id) && !tile.classList.contains("gone") && now - box(tile).at >= EVERY_MS[rank(tile)]);
    if (!due.length) return;
    busy = true;
    for (const tile of due) box(tile).at = now;
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": bw.csrf(), "X-Screen-Width": String(Math.min(screen.width, screen.height)) };
    const answer = await fetch("/live/stills", { method: "POST", headers, body: JSON.stringify({ streams: due.map(idOf) }) }).catch(() => null);
    busy = false;
    if (!answer) return;
    if (!answer.ok) return rest(answer.status);
    for (const one of (await answer.json()).stills) await draw(one, Date.now());
  };
  const wipe = () => {
    for (const kept of boxes.values()) {
      const canvas = kept.node.querySelector("canvas");
      canvas.width = canvas.width; // resets the backing store as well
      [kept.at, kept.taken] = [0, 0];
    }
  };
  bw.on("all.hide", () => {
    hidden = !hidden;
    document.body.classList.toggle("nopics", hidden);
    wipe();
    bw.toast(hidden ? bw.say("Every picture is hidden.") : bw.say("Pictures can be shown again."));
  });

  // What changed: a tile is brought up to date where it stands; its place changes only when asked.
  const changed = new Set();
  const counted = new Set();
  let fetching = 0;
  const count = (id) => {
    if (counted.has(id)) return;
    counted.add(id);
    bw.orderChanged();
  };
  const renew = (old, made) => {
    const focused = old.contains(document.activeElement);
    if (rank(old) !== rank(made)) count(idOf(made));
    old.className = made.className;
    if ("still" in made.dataset) old.dataset.still = "";
    const kept = boxes.get(old.id)?.node;
    old.replaceChildren(...made.childNodes);
    if (kept && "still" in old.dataset) old.append(kept);
    link(old).tabIndex = old === current() ? 0 : -1;
    if (focused) link(old).focus({ preventScroll: true });
    if ("still" in old.dataset) watch.observe(old);
  };
  const refresh = async () => {
    fetching = 0;
    const ids = [...changed].slice(0, 60);
    for (const id of ids) changed.delete(id);
    if (!ids.length) return;
    const answer = await fetch(`/live/tiles?of=${ids.join(",")}`).catch(() => null);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(`<ul>${await answer.text()}</ul>`, "text/html");
    for (const made of fresh.querySelectorAll("li")) {
      const old = document.getElementById(made.id);
      if (old) renew(old, made);
      else if (made.classList.contains("up")) count(idOf(made));
    }
    if (current() && ids.includes(idOf(current())) && !signing()) fetchPanel();
    if (changed.size) soon();
  };
  const soon = () => {
    if (!fetching) fetching = setTimeout(refresh, 200);
  };

  const saidIn = (html) =>
    new DOMParser().parseFromString(html, "text/html").getElementById("target-said")?.textContent ?? "";

  // One tile can be reached by Tab: the chosen one, also after the order was brought up to date.
  const fill = async () => {
    const list = document.querySelector("[data-more]");
    if (!list) return;
    const answer = await fetch(list.dataset.more).catch(() => null);
    if (!answer?.ok) return;
    const rest = new DOMParser().parseFromString(`<ul>${await answer.text()}</ul>`, "text/html");
    list.replaceChildren(...rest.querySelectorAll("li"));
    delete list.dataset.more;
    settle();
  };
  const settle = () => {
    fill();
    counted.clear();
    for (const tile of tiles()) if ("still" in tile.dataset) watch.observe(tile);
    const tile = byLabel(chosen);
    if (tile) choose(tile, false);
    else tiles().forEach((one, n) => (link(one).tabIndex = n ? -1 : 0));
  };
  addEventListener("DOMContentLoaded", () => {
    const at = new URL(location.href).searchParams.get("at");
    const tile = byLabel(at);
    if (tile) choose(tile, false);
    settle();
    document.body.addEventListener("htmx:afterRequest", isRead);
    document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
      if (detail.target.id !== "target-of") return;
      const reads = detail.requestConfig.verb === "get";
      // An answer about a target that was left, or one that would take a signature's form away, is not shown.
      const of = /data-at="([^"]*)"/.exec(detail.serverResponse)?.[1];
      const left = Boolean(of && chosen && of !== chosen);
      if (left || (reads && signing())) {
        detail.shouldSwap = false;
        return reads || bw.toast(`${of}: ${saidIn(detail.serverResponse)}`);
      }
      signed = Boolean(signing());
      // What an order answered stays to be read while the same target is brought up to date.
      const said = document.getElementById("target-said");
      if (reads && shows() === chosen && said?.textContent) {
        detail.serverResponse = detail.serverResponse.replace(UNSAID, () => said.outerHTML);
      }
    });
    document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
      if (detail.target.id === "main" || detail.target.tagName === "MAIN") settle();
      if (opening && opening === shows()) open();
      if (detail.target.id === "target-of") ready();
    });
    document.body.addEventListener("live", ({ detail }) => {
      if (!detail.name.startsWith("stream-")) return;
      if (detail.name === "stream-started" && detail.newer) return count(detail.id);
      changed.add(detail.id);
      soon();
    });
    // What changed before the first event could be heard.
    document.body.addEventListener("live-open", () => {
      for (const one of document.querySelectorAll(".tiles > li")) changed.add(idOf(one));
      if (changed.size) soon();
    });
    setInterval(look, 500);
    look();
  });
})();
