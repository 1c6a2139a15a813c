// Spot checks by keys: a digit chooses the answer, Enter saves it. The form works without this file.
(() => {
  "use strict";
  const bw = window.breakwater;
  const form = () => document.getElementById("answer");
  const choose = (value) => {
    const input = form()?.querySelector(`[value="${value}"]`);
    if (input) input.checked = true;
  };
  bw.on("spots.nothing", () => choose("nothing"));
  bw.on("spots.closer", () => choose("closer"));
  bw.on("spots.case", () => choose("case"));
  bw.on("spots.save", () => {
    if (!form()) return;
    if (form().querySelector(":checked")) return form().requestSubmit();
    document.getElementById("answer-status").textContent = bw.say("Choose an answer, then Enter.");
  });
})();
