// What needs a person now: the header's words follow each change of a case, and who wants it hears
// a soft tone for a new one. Off until switched on; at most one in 30 s, over all tabs of a person.
(() => {
  "use strict";
  const bw = window.breakwater;
  const QUIET_MS = 30000;
  let soon = 0;

  const status = () => document.getElementById("status");
  const numbers = () => (status()?.dataset.now ?? "").split(" ").filter(Boolean).map(Number);
  const tone = () => {
    const sound = new AudioContext();
    const wave = sound.createOscillator();
    const loud = sound.createGain();
    const now = sound.currentTime;
    wave.frequency.value = 523;
    loud.gain.setValueAtTime(0, now);
    loud.gain.linearRampToValueAtTime(0.06, now + 0.08);
    loud.gain.linearRampToValueAtTime(0, now + 0.6);
    wave.connect(loud).connect(sound.destination);
    wave.start(now);
    wave.stop(now + 0.6);
    wave.onended = () => sound.close();
  };
  // A tab that is not the first to see it finds it known already.
  const notice = () => {
    const known = bw.recall("alerts", null);
    const here = numbers();
    bw.remember("alerts", here);
    if (known === null || here.every((number) => known.includes(number))) return;
    if (!bw.recall("tone", false) || Date.now() - bw.recall("toned", 0) < QUIET_MS) return;
    bw.remember("toned", Date.now());
    tone();
  };
  const heard = () => {
    if (navigator.locks) navigator.locks.request("breakwater-alerts", notice);
    else notice();
  };
  const look = async () => {
    soon = 0;
    const answer = await fetch("/me/now", { headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("status");
    if (!fresh || !status()) return;
    if (status().textContent !== fresh.textContent) status().textContent = fresh.textContent;
    status().dataset.now = fresh.dataset.now;
    heard();
  };
  addEventListener("DOMContentLoaded", () => {
    if (!status()) return;
    heard();
    document.body.addEventListener("live", ({ detail }) => {
      if (detail.name.startsWith("case-")) soon ||= setTimeout(look, 500);
    });
    const own = document.getElementById("set-tone");
    if (!own) return;
    own.checked = bw.recall("tone", false);
    own.addEventListener("change", () => {
      bw.remember("tone", own.checked);
      if (own.checked) tone(); // so that one knows it, and the browser lets the page sound
    });
  });
})();
