// A signature for one act: the browser's own passkey dialog. With `data-swap` the answer replaces a
// part of the page, else it is a new page. Without a passkey the form carries a password and this file does nothing.
(() => {
  "use strict";
  const bw = window.breakwater;
  const wrong = (form, words) => {
    const node = form.querySelector("[data-wrong]");
    node.textContent = words;
    node.hidden = false;
  };
  const proof = async (url) => {
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": bw.csrf() };
    const answer = await fetch(url, { method: "POST", headers, body: "{}" });
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(told.detail || bw.say("That did not work. Try again."));
    const publicKey = window.PublicKeyCredential.parseRequestOptionsFromJSON(told.options);
    return navigator.credentials.get({ publicKey });
  };
  const sign = async (form) => {
    try {
      const made = await proof(form.dataset.sign);
      form.elements.credential.value = JSON.stringify(made.toJSON());
      if (!form.dataset.swap) return form.submit();
      const values = Object.fromEntries(new FormData(form));
      window.htmx.ajax("POST", form.getAttribute("action"), { target: form.dataset.swap, swap: "outerHTML", values });
    } catch (error) {
      form.removeAttribute("aria-busy");
      wrong(form, error.name === "NotAllowedError" ? bw.say("Nothing was done: the passkey was not used.") : error.message);
    }
  };
  addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset?.sign || event.submitter?.hasAttribute("data-plain")) return;
    event.preventDefault();
    if (form.hasAttribute("aria-busy")) return; // a second press while the browser asks
    if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
      wrong(form, bw.say("This browser has no passkeys. Use one that has."));
      return;
    }
    form.setAttribute("aria-busy", "true");
    sign(form);
  });
})();
