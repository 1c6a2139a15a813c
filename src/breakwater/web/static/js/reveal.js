// Evidence: the clear frame exists in this browser only while a key or button is held.
// POST /views commits audit, exposure and lease before its first byte; release clears the canvas.
(() => {
  "use strict";
  const bw = window.breakwater;
  const TAP_MS = 150;
  const CAP_MS = 10000;
  const PRESS_MS = 5000;
  let turn = 0;
  let shown = [];
  let timer = 0;
  let holding = false;
  let hidden = false;

  // Where looks belong: a case, or a set that is graded; both write them down first.
  const place = () => document.querySelector("[data-looks]") ?? document.getElementById("case");
  const within = () => (place().dataset.set ? { set: Number(place().dataset.set) } : { case: place().dataset.case });
  const door = () => place().dataset.looks ?? "";
  const cards = () => [...document.querySelectorAll("[data-evidence]")];
  const card = () => cards().find((node) => node.hasAttribute("data-current")) ?? cards().find((node) => !node.hidden);
  // Two that are compared are seen together or not at all.
  const together = (one) => (one.dataset.together ? cards().filter((node) => node.dataset.together === one.dataset.together) : [one]).filter((node) => node.querySelector("[data-clear]"));
  const say = (words) => {
    const node = document.getElementById("reveal-status");
    if (node) node.textContent = words;
  };
  const send = (url, body, more = {}) =>
    fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": bw.csrf(), Accept: "image/webp, application/json", "X-Screen-Width": String(Math.min(screen.width, screen.height)) },
      body: JSON.stringify(body),
      ...more,
    });
  const end = (id, ms) => send(`/views/${id}/end`, { ms: Math.round(ms) }, { keepalive: true }).catch(() => null);

  const wipe = (canvas) => {
    canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
    canvas.width = canvas.width; // resets the backing store as well
  };

  const start = () => {
    const targets = holding || !card() ? [] : together(card());
    if (!targets.length) return;
    if (hidden) return say(place().dataset.hiddenWords);
    holding = true;
    turn += 1;
    const mine = turn;
    for (const target of targets) target.querySelector("[data-still]").classList.add("live");
    timer = setTimeout(() => targets.forEach((target) => fetchFrame(target, mine)), TAP_MS);
  };

  const fetchFrame = async (target, mine) => {
    const { item, frame, level } = target.dataset;
    const abort = new AbortController();
    const my = { target, abort, id: null, at: 0 };
    shown.push(my);
    let id = null;
    try {
      const answer = await send(`${door()}/views`, { item, frame: Number(frame), level, ...within(), reason: place().dataset.reason ?? "case review" }, { signal: abort.signal });
      if (!answer.ok) return refused(answer, mine);
      id = answer.headers.get("X-View");
      my.id = id;
      my.cap = Number(answer.headers.get("X-View-Cap") ?? CAP_MS);
      const picture = await createImageBitmap(await answer.blob());
      if (mine !== turn || !holding) {
        picture.close();
        return end(id, 0);
      }
      draw(my, picture);
    } catch (error) {
      if (error.name !== "AbortError" && mine === turn) {
        say(bw.say("The frame did not arrive. Nothing is shown. Try again."));
        stop();
      }
    }
  };

  const draw = (my, picture) => {
    const canvas = my.target.querySelector("[data-clear]");
    canvas.width = picture.width;
    canvas.height = picture.height;
    canvas.getContext("2d").drawImage(picture, 0, 0);
    picture.close();
    my.at = performance.now();
    my.target.querySelector("[data-veil]").hidden = true;
    clearTimeout(timer);
    timer = setTimeout(stop, Math.min(my.cap, bw.recall("press", false) ? PRESS_MS : CAP_MS));
  };

  const refused = async (answer, mine) => {
    const problem = await answer.json().catch(() => ({}));
    if (mine !== turn) return;
    stop();
    if (answer.status === 423) return location.assign("/break");
    say(problem.detail || problem.title || bw.say("The frame cannot be shown."));
  };

  const stop = () => {
    clearTimeout(timer);
    holding = false;
    turn += 1;
    for (const node of document.querySelectorAll("[data-still].live")) node.classList.remove("live");
    for (const canvas of document.querySelectorAll("[data-clear]")) if (canvas.width) wipe(canvas);
    for (const veil of document.querySelectorAll("[data-veil]")) veil.hidden = false;
    const ended = shown;
    shown = [];
    for (const was of ended) {
      if (was.id === null) was.abort.abort();
      else if (was.at) {
        end(was.id, performance.now() - was.at).then(() => document.body.dispatchEvent(new CustomEvent("view-ended")));
      }
    }
  };

  const press = () => bw.recall("press", false);
  const down = () => (press() && holding ? stop() : start());
  const up = () => press() || stop();
  bw.on("case.reveal", { down, up });
  for (const page of ["grade", "grade_first", "grade_stack", "spots", "edge", "links_cutout"]) bw.on(`${page}.reveal`, { down, up });
  bw.hideFrame = stop;
  addEventListener("pointerdown", (event) => {
    if (event.button === 0 && event.target.closest?.("[data-hold], [data-evidence] [data-still]")) down();
  });
  for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => holding && up());
  for (const name of ["blur", "pagehide"]) addEventListener(name, stop);
  document.addEventListener("visibilitychange", () => document.hidden && stop());
  addEventListener("contextmenu", (event) => event.target.closest?.("[data-still], [data-hold]") && event.preventDefault());
  const escape = (event) => {
    if (event.key !== "Escape" || !(holding || shown.length)) return;
    event.stopImmediatePropagation(); // it hides the picture and does nothing else
    event.preventDefault();
    stop();
  };
  addEventListener("keydown", escape, true);
  document.body?.addEventListener("live", ({ detail }) => {
    if (detail.name === "view-revoked" && shown.some((one) => one.id === detail.id)) stop();
  });

  // Which frame of which evidence is on show.
  const strip = () => [...document.querySelectorAll(".strip [data-show]")];
  const here = () => strip().findIndex((button) => button.hasAttribute("aria-current"));
  const show = (pair, button) => {
    const target = cards().find((node) => node.dataset.pair === String(pair));
    if (!target) return;
    stop();
    for (const node of document.querySelectorAll("[data-pair]")) node.hidden = node.dataset.pair !== String(pair);
    const same = strip().filter((b) => b.dataset.frame === target.dataset.frame);
    const frame = button ?? same.find((b) => b.dataset.show === target.dataset.pair) ?? same[0];
    if (frame) {
      target.dataset.frame = frame.dataset.frame;
      target.querySelector("[data-at]").textContent = frame.dataset.at;
      for (const other of strip()) other.removeAttribute("aria-current");
      frame.setAttribute("aria-current", "true");
      frame.scrollIntoView({ block: "nearest", inline: "nearest" });
      copyStill(frame, target);
    }
    say(bw.say("Evidence %(n)s of %(all)s", { n: pair, all: cards().length }));
  };
  const copyStill = (from, to) => {
    const [small, large] = [from.querySelector("canvas"), to.querySelector("[data-blur]")];
    if (!small || !large || !small.dataset.drawn) return;
    large.width = small.width;
    large.height = small.height;
    large.getContext("2d").drawImage(small, 0, 0);
  };
  const step = (by) => {
    const next = strip()[here() + by];
    if (next) show(next.dataset.show, next);
  };
  const evidence = (by) => show(Number(card()?.dataset.pair) + by);
  const jump = (by) => {
    const all = strip();
    const at = here();
    const spans = all.map((b, i) => (b.hasAttribute("data-span") ? i : -1)).filter((i) => i >= 0);
    const next = by > 0 ? spans.find((i) => i > at) : spans.reverse().find((i) => i < at);
    if (next !== undefined) show(all[next].dataset.show, all[next]);
  };
  for (const page of ["case", "grade", "spots"]) {
    bw.on(`${page}.before`, () => step(-1));
    bw.on(`${page}.after`, () => step(1));
  }
  bw.on("case.up", () => evidence(-1));
  bw.on("case.down", () => evidence(1));
  bw.on("case.span_before", () => jump(-1));
  bw.on("case.span_after", () => jump(1));
  bw.on("case.same", () => document.getElementById("same")?.focus());
  addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-show], [data-step]");
    if (!button) return;
    if (button.dataset.step) step(Number(button.dataset.step));
    else show(button.dataset.show, button);
  });

  // Grey 32×18 stills: made small in the jail, so there is nothing to un-blur. They are views too,
  // so each is fetched once: what is kept for the next page is not asked for again.
  const kept = new Map();
  const nameOf = ({ item, frame }) => JSON.stringify([item, Number(frame)]);
  let asking = Promise.resolve(true);
  const fetchStills = async (wanted) => {
    const missing = wanted.filter((one) => !kept.has(nameOf(one))).slice(0, 24);
    if (!missing.length) return true;
    const answer = await send(`${door()}/stills`, { ...within(), stills: missing }).catch(() => null);
    if (!answer?.ok) return false;
    for (const one of (await answer.json()).stills) kept.set(nameOf(one), one.webp);
    return true;
  };
  const keep = (wanted) => (asking = asking.then(() => fetchStills(wanted)).catch(() => false));
  const drawSmall = async (node, webp) => {
    const bytes = Uint8Array.from(atob(webp), (c) => c.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: "image/webp" }));
    node.width = picture.width;
    node.height = picture.height;
    node.getContext("2d").drawImage(picture, 0, 0);
    node.dataset.drawn = "yes";
    picture.close();
  };
  const stills = async () => {
    const all = [...document.querySelectorAll("canvas[data-blur]")];
    if (!all.length || hidden || bw.recall("words", false)) return;
    const about = (node) => {
      const button = node.closest("[data-show]"); // a frame of the strip is of its evidence's item
      const of = button ? cards().find((one) => one.dataset.pair === button.dataset.show) : node.closest("[data-evidence]");
      const from = node.dataset.item ? node.dataset : { item: of.dataset.item, frame: (button ?? of).dataset.frame };
      return { item: from.item, frame: Number(from.frame) };
    };
    const draw = async (nodes) => {
      for (const node of nodes) {
        const webp = kept.get(nameOf(about(node)));
        if (webp && !node.dataset.drawn) await drawSmall(node, webp);
      }
    };
    await draw(all);
    // What is on show comes before its strip: the stills of a video take a moment each.
    const shown = (node) => node.closest("[data-evidence]:not([hidden])");
    for (const nodes of [all.filter(shown), all]) {
      const wanted = new Map(nodes.map((node) => [nameOf(about(node)), about(node)]));
      if (!(await keep([...wanted.values()]))) {
        return say(bw.say("Stills are not shown now. Words and hashes are complete."));
      }
      await draw(nodes);
    }
  };
  bw.stills = stills;
  bw.keepStills = (wanted) => hidden || bw.recall("words", false) || keep(wanted);
  const wordsOnly = (on) => {
    document.body.classList.toggle("words", on);
    document.getElementById("words")?.setAttribute("aria-pressed", String(on));
  };
  addEventListener("DOMContentLoaded", () => {
    wordsOnly(bw.recall("words", false));
    document.getElementById("words")?.addEventListener("click", () => {
      stop();
      bw.remember("words", !bw.recall("words", false));
      wordsOnly(bw.recall("words", false));
      stills();
    });
    const hold = document.querySelector("#reveal [data-word]");
    if (hold && press()) hold.textContent = bw.say("Show this frame for 5 seconds");
    stills();
  });
  bw.on("all.hide", () => {
    hidden = !hidden;
    stop();
    kept.clear();
    document.body.classList.toggle("nopics", hidden);
    say(hidden ? bw.say("Every picture is hidden.") : bw.say("Pictures can be shown again."));
    if (!hidden) stills();
  });
})();
