// The lease of a case: whoever is at work keeps it; whoever falls silent loses it and is told who took it.
(() => {
  "use strict";
  const bw = window.breakwater;
  const EVERY_MS = 120000;
  let at = Date.now();

  const keep = async () => {
    const lease = document.getElementById("lease");
    if (!lease?.hasAttribute("data-mine") || document.hidden || Date.now() - at < EVERY_MS) return;
    at = Date.now();
    const headers = { "X-CSRF-Token": bw.csrf() };
    const answer = await fetch(`/cases/${lease.dataset.case}/keep`, { method: "POST", headers }).catch(() => null);
    if (answer && !answer.ok) window.htmx.trigger(lease, "lease-asked");
  };
  for (const name of ["keydown", "pointerdown", "wheel"]) addEventListener(name, keep, { passive: true });
})();
