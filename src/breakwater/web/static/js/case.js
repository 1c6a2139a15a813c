// Deciding a case by keys: a digit says what it is, further digits answer what that asks, Enter saves.
// The form works without this file; here are only its keys, its gaps in words, and the undo's time.
(() => {
  "use strict";
  const bw = window.breakwater;
  const form = () => document.querySelector("form#decide");
  const chosen = () => form()?.querySelector("[name=kind]:checked");
  const asks = () => [...form().querySelectorAll(`[data-for="${chosen()?.value}"] [data-ask]`)];
  const open = () => asks().find((ask) => !ask.querySelector(":checked"));
  const tell = (words, refused = false) => {
    const status = document.getElementById("decide-status");
    status.textContent = words;
    status.classList.toggle("wrong", refused);
  };

  // The question that the next digit answers is outlined.
  const mark = (refused = false) => {
    for (const ask of document.querySelectorAll("#decide .ask")) ask.removeAttribute("data-now");
    if (chosen()) open()?.setAttribute("data-now", "");
    const left = chosen() ? asks().filter((ask) => !ask.querySelector(":checked")) : [];
    const what = left[0]?.querySelector("legend").textContent;
    if (left.length > 0) {
      tell(bw.sayN("Answer %(n)s fact, then Enter: %(what)s", "Answer %(n)s facts, then Enter. First: %(what)s", left.length, { what }), refused);
    }
    else if (refused) tell(bw.say("Choose what it is, then Enter."), true);
    else tell("");
  };
  const pick = (input) => {
    input.checked = true;
    mark();
  };
  const choose = (key) => {
    const input = form()?.querySelector(`[data-kind="${key}"]`);
    if (input && !answer(key)) pick(input);
  };
  // A digit answers the open question first; without one it chooses what the case is.
  const answer = (key) => {
    if (!chosen() || asks().length === 0) return false;
    const digit = bw.keyRows().find((row) => row.dataset.id === key)?.dataset.press;
    const input = open()?.querySelector(`[data-digit="${digit}"]`);
    if (input) pick(input);
    return true;
  };
  for (const key of [
    "case.not_illegal", "case.illegal", "case.wrong_match", "case.second_opinion", "case.escalate",
    "case.lawful_context", "case.own_image", "case.danger_now",
  ]) {
    bw.on(key, () => form() && choose(key));
  }
  bw.on("case.back", () => {
    const given = form() ? [...asks().flatMap((ask) => [...ask.querySelectorAll(":checked")])].pop() ?? chosen() : null;
    if (given) given.checked = false;
    if (form()) mark();
  });

  // What contradicts itself is asked about once; the second Enter means it.
  let doubted = false;
  const doubtful = () => {
    const child = form().querySelector("[name=kind][value=illegal]:checked") && form().querySelector("[name=role][value=apparent_child]:checked");
    if (!child || doubted) return false;
    doubted = true;
    tell(bw.say("The account is apparently the child's. “The child's own image” treats it as a victim. To keep “Illegal”, save once more."), true);
    return true;
  };

  const save = (button) => {
    if (chosen()) form().requestSubmit(button);
    else if (form()) mark(true);
  };
  const button = (then) => form()?.querySelector(`[name=then][value=${then}]`);
  bw.on("case.save", () => save(button("next")));
  bw.on("case.stay", () => save(button("stay")));
  bw.on("case.reason", () => chosen() && document.getElementById("reason").focus());
  bw.on("case.comments", () => document.getElementById("comment")?.focus());

  addEventListener("submit", (event) => {
    if (event.target.id !== "decide") return;
    const missing = chosen() ? open() : form().querySelector(".kinds");
    if (!missing && doubtful()) {
      event.preventDefault();
      return;
    }
    if (!missing && !event.target.dataset.sent) {
      event.target.dataset.sent = "yes"; // a second press while it is on its way decides nothing
      return;
    }
    event.preventDefault();
    if (!missing) return;
    mark(true);
    missing.querySelector("input").focus();
  });
  addEventListener("pageshow", () => form()?.removeAttribute("data-sent"));
  addEventListener("change", (event) => event.target.closest?.("#decide") && mark());
  addEventListener("click", (event) => {
    // A pointer that chose leaves the keys free: hold Space still shows the frame.
    if (event.detail > 0 && event.target.matches?.("#decide [type=radio]")) event.target.blur();
  });
  addEventListener("keydown", (event) => {
    if (event.target.id !== "reason" || event.key !== "Enter" || !event.shiftKey) return;
    event.preventDefault();
    save(button("stay"));
  });

  // The toast goes when its time is over, unless somebody stands on it.
  const fade = () => {
    const toast = document.getElementById("done");
    if (!toast) return;
    if (Date.now() < Date.parse(toast.dataset.until) || toast.contains(document.activeElement)) return;
    toast.remove();
  };
  addEventListener("DOMContentLoaded", () => {
    if (form()) mark();
    setInterval(fade, 1000);
  });
})();
