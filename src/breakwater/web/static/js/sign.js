// A second person's signature: the browser's own passkey dialog, for this one act.
// Without a passkey the form carries a password and this file does nothing.
(() => {
  "use strict";
  const bw = window.breakwater;
  const wrong = (words) => {
    const node = document.getElementById("second-wrong");
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
      form.submit();
    } catch (error) {
      form.removeAttribute("aria-busy");
      wrong(error.name === "NotAllowedError" ? bw.say("Nothing was done: the passkey was not used.") : error.message);
    }
  };
  addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset?.sign || event.submitter?.hasAttribute("data-plain")) return;
    event.preventDefault();
    if (form.hasAttribute("aria-busy")) return; // a second press while the browser asks
    if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
      wrong(bw.say("This browser has no passkeys. Use one that has."));
      return;
    }
    form.setAttribute("aria-busy", "true");
    sign(form);
  });
})();
