// Passkeys: the browser's own dialog, JSON in and out; hidden where there is none.
(() => {
  "use strict";
  const bw = window.breakwater;
  const csrf = () => document.querySelector("meta[name=csrf]").content;
  const post = async (url, body) => {
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf() };
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(told.detail || told.title || bw.say("That did not work. Try again."));
    return told;
  };
  const wrong = (error) => {
    const node = document.getElementById("wrong");
    node.hidden = false;
    node.textContent = error.name === "NotAllowedError" ? bw.say("Nothing was done: the passkey was not used.") : error.message;
  };
  const make = async () => {
    const options = await post("/v1/me/passkeys/options", {});
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    const made = await navigator.credentials.create({ publicKey });
    await post("/v1/me/passkeys", { credential: made.toJSON(), name: "console" });
    location.assign("/");
  };
  const use = async () => {
    const options = await post("/v1/session/passkey/options", {});
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    const proof = await navigator.credentials.get({ publicKey });
    await post("/v1/session/passkey", { credential: proof.toJSON() });
    location.assign("/");
  };
  addEventListener("DOMContentLoaded", () => {
    if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) return;
    for (const node of document.querySelectorAll("[data-passkey]")) node.hidden = false;
    document.querySelector("[data-passkey-make]")?.addEventListener("click", () => make().catch(wrong));
    document.querySelector("[data-passkey-signin]")?.addEventListener("click", () => use().catch(wrong));
  });
})();
