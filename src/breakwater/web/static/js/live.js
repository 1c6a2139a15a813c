// Live updates: one event stream a browser, led by whichever tab holds the lock, shared by a channel.
// Events carry a name and an id; whoever is concerned fetches again with the viewer's own rights.
(() => {
  "use strict";
  const bw = (window.breakwater = window.breakwater || {});
  const LOCK = "breakwater-live";
  // Browsers fetch anew at different moments, and still have an event on the screen within 300 ms.
  const JITTER_MS = 150;
  const channel = "BroadcastChannel" in window ? new BroadcastChannel(LOCK) : null;
  const sources = new Set();
  let stream = null;
  let release = null;
  let asked = false;
  let lastBeat = 0;
  let wait = 500;
  let retry = 0;
  let lostAt = null;
  let nextTry = 0;
  let everOpen = false;
  let waiting = 0;
  let compared = 0;

  const tell = (message) => {
    hear(message);
    channel?.postMessage(message);
  };
  const hear = (message) => {
    if (message.state) return show(message);
    if (message.ask) {
      if (stream && (lostAt || stream.readyState === 1)) channel.postMessage({ state: lostAt ? "lost" : "open", nextTry });
      return;
    }
    if (bw.paused) {
      waiting += 1;
      return changed();
    }
    setTimeout(() => deliver(message), Math.random() * JITTER_MS);
  };
  // What the page showed when it was made is no change to it, one's own acts least of all; nor is
  // what `compare` has counted.
  const changeOf = (root) => Number(root.querySelector("[data-change]")?.dataset.change ?? 0);
  const shown = () => Math.max(compared, changeOf(document));
  // The order of a page changes only when the person asks: what would change it is counted.
  bw.orderChanged = () => {
    waiting += 1;
    changed();
  };
  const deliver = ({ name, id, change }) => {
    stamp();
    for (const source of sources) source.dispatchEvent(new MessageEvent(name, { data: id }));
    const newer = !(change > 0 && change <= shown());
    document.body.dispatchEvent(new CustomEvent("live", { detail: { name, id, newer } }));
    if (document.body.dataset.page === "queue" && name.startsWith("case-") && newer) bw.orderChanged();
  };
  const stamp = () => {
    const node = document.getElementById("updated");
    if (node) node.textContent = new Date().toISOString().slice(11, 19);
  };
  const changed = () => {
    const button = document.getElementById("apply");
    if (!button) return;
    button.hidden = waiting === 0;
    const words = waiting ? bw.sayN("%(n)s change waiting", "%(n)s changes waiting", waiting) : "";
    document.getElementById("apply-count").textContent = words;
  };
  bw.applied = () => {
    waiting = 0;
    changed();
    stamp();
  };

  // What changed between the page and the stream, or while the stream was lost, has no event.
  const compare = async () => {
    if (document.body.dataset.page !== "queue") return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const ids = (root) => [...root.querySelectorAll("#queue-rows tbody tr")].map((row) => row.id);
    const [now, then] = [ids(fresh), ids(document)];
    const differ = now.filter((id) => !then.includes(id)).length + then.filter((id) => !now.includes(id)).length;
    waiting = Math.max(waiting, differ, Number(now.join() !== then.join()));
    compared = Math.max(compared, changeOf(fresh));
    changed();
  };

  const show = ({ state, nextTry: next }) => {
    const link = document.getElementById("link");
    const bar = document.getElementById("offline");
    if (state === "open") {
      const again = lostAt !== null;
      lostAt = null;
      if (link) link.textContent = bw.say("Live");
      link?.classList.remove("wait");
      if (bar) bar.hidden = true;
      compare();
      document.body.dispatchEvent(new CustomEvent("live-open"));
      if (again || !everOpen) for (const source of sources) source.onopen?.(new Event("open"));
      if (again && everOpen) document.body.dispatchEvent(new CustomEvent("refresh"));
      everOpen = true;
      return;
    }
    lostAt ??= new Date();
    nextTry = next ?? 0;
    link?.classList.add("wait");
    if (link) link.textContent = bw.say("Not live");
  };
  const countdown = () => {
    const bar = document.getElementById("offline");
    if (!bar || lostAt === null || Date.now() - lostAt < 1500) return;
    const seconds = Math.max(0, Math.ceil((nextTry - Date.now()) / 1000));
    const at = lostAt.toISOString().slice(11, 19);
    const then = seconds ? bw.say("Trying again in %(n)s s.", { n: seconds }) : bw.say("Trying again now.");
    document.getElementById("offline-words").textContent = `${bw.say("Live updates stopped at %(at)s.", { at })} ${then}`;
    bar.hidden = false;
  };

  const open = (url) => {
    stream?.close();
    stream = new EventSource(url);
    lastBeat = Date.now();
    stream.onopen = () => {
      wait = 500;
      tell({ state: "open" });
    };
    stream.onmessage = ({ data, lastEventId }) => {
      lastBeat = Date.now();
      const [name, id] = data.split(" ");
      if (name !== "beat") tell({ name, id, change: Number(lastEventId) });
    };
    stream.onerror = () => again(url);
  };
  const again = (url) => {
    stream?.close();
    clearTimeout(retry);
    tell({ state: "lost", nextTry: Date.now() + wait });
    retry = setTimeout(() => open(url), wait);
    wait = Math.min(wait * 2, 64000);
  };
  const lead = (url) => {
    if (asked) return;
    asked = true;
    const until = () => {
      open(url);
      return new Promise((done) => (release = done));
    };
    if (navigator.locks) navigator.locks.request(LOCK, until).catch(() => (asked = false));
    else until();
  };
  const leave = () => {
    clearTimeout(retry);
    stream?.close();
    stream = null;
    release?.();
    release = null;
    asked = false;
  };

  class Shared extends EventTarget {
    constructor(url) {
      super();
      this.url = url;
      this.readyState = 1;
      sources.add(this);
      lead(url);
      channel?.postMessage({ ask: true });
    }
    close() {
      this.readyState = 2;
      sources.delete(this);
    }
  }
  if (channel) channel.onmessage = ({ data }) => hear(data);
  window.htmx.createEventSource = (url) => new Shared(url);

  let hiddenAt = 0;
  document.addEventListener("visibilitychange", () => {
    hiddenAt = document.hidden ? Date.now() : 0;
    const url = [...sources][0]?.url;
    if (!document.hidden && url) lead(url);
  });
  addEventListener("pagehide", leave);
  setInterval(() => {
    if (hiddenAt && Date.now() - hiddenAt > 60000 && stream) leave();
    if (stream && stream.readyState === 1 && Date.now() - lastBeat > 25000) again(stream.url);
    countdown();
  }, 1000);

  addEventListener("DOMContentLoaded", () => {
    const pause = document.getElementById("pause");
    pause?.addEventListener("click", () => {
      bw.paused = !bw.paused;
      pause.setAttribute("aria-pressed", String(bw.paused));
      pause.querySelector("span").textContent = bw.paused ? bw.say("Resume updates") : bw.say("Pause updates");
      if (!bw.paused && waiting) bw.act("all.apply");
    });
    document.getElementById("apply")?.addEventListener("htmx:afterRequest", bw.applied);
  });
})();
