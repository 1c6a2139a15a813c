// The curators' queue by keys: j and k choose a question, a digit what is decided, Enter settles it.
// The forms work without this file.
(() => {
  "use strict";
  const bw = window.breakwater;
  const rows = () => [...document.querySelectorAll("#questions > li")];
  const now = () => document.querySelector("#questions > li[aria-current]");
  const choose = (row) => {
    if (!row) return;
    now()?.removeAttribute("aria-current");
    row.setAttribute("aria-current", "true");
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };
  const step = (by) => {
    const at = rows().indexOf(now());
    choose(at < 0 ? rows()[0] : rows()[at + by]);
  };
  const decide = (outcome) => {
    if (!now()) step(0);
    const field = now()?.querySelector("[name=outcome]");
    if (field) field.value = outcome;
  };
  bw.on("hub_queue.down", () => step(1));
  bw.on("hub_queue.up", () => step(-1));
  bw.on("hub_queue.keep", () => decide("keep"));
  bw.on("hub_queue.withdraw", () => decide("withdraw"));
  bw.on("hub_queue.reclassify", () => decide("reclassify"));
  bw.on("hub_queue.graders", () => decide("graders"));
  bw.on("hub_queue.reason", () => now()?.querySelector("[name=note]").focus());
  bw.on("hub_queue.save", () => now()?.querySelector("form").requestSubmit());
  addEventListener("focusin", (event) => {
    const row = event.target.closest?.("#questions > li");
    if (!row || row === now()) return;
    now()?.removeAttribute("aria-current");
    row.setAttribute("aria-current", "true");
  });
})();
