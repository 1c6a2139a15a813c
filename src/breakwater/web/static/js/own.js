// The page for the person in the picture: hashes are made here and only they are sent; nothing is kept.
// Leaving replaces this page in the history. Tests: tests/integration/test_own_picture_page.py.
(() => {
  "use strict";
  const bw = window.breakwater;
  const node = (id) => document.getElementById(id);
  const TWICE_MS = 2000;
  const ENOUGH = 50; // quality from which a look is looked for
  let chosen = [];
  let escaped = -Infinity;

  const STATES = {
    received: bw.say("We have your fingerprint. Very many came just now, so it waits until one of our team has looked."),
    looking: bw.say("We are looking for it. So far we have not found it here."),
    found: bw.say("We found it here and stopped it for now. A person of our team looks at it next."),
    confirmed: bw.say("A person of our team has looked. The picture stays away from here."),
    refused: bw.say("A person of our team has looked. It is not a picture that we may stop."),
    withdrawn: bw.say("You asked us to stop. We do not look for it any more."),
  };
  const SHORT = {
    received: bw.say("waits"), looking: bw.say("we are looking"), found: bw.say("found and stopped for now"),
    confirmed: bw.say("stays away"), refused: bw.say("not stopped"), withdrawn: bw.say("not looked for any more"),
  };

  const empty = () => {
    chosen = [];
    for (const field of document.querySelectorAll("input")) field.value = "";
    for (const id of ["chosen", "sent", "code", "told", "each"]) node(id).textContent = "";
  };
  const leave = (event) => {
    event?.preventDefault();
    document.documentElement.hidden = true;
    empty();
    location.replace(node("leave").href);
  };

  const fail = (words) => {
    node("wrong").textContent = words;
    node("wrong").hidden = !words;
  };
  const words = (status) => {
    if (status === 429) return bw.say("Very many people use this page just now. Wait a few minutes, then try again.");
    if (status === 404) return bw.say("We do not know this code. Look again: one sign may be wrong.");
    if (status === 422) return bw.say("That does not look like a code. Look again: one sign may be wrong.");
    return bw.say("That did not work. Nothing was sent. Try again.");
  };
  const call = async (path, body) => {
    const how = { credentials: "omit", referrerPolicy: "no-referrer" };
    if (body) Object.assign(how, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const answer = await fetch(`/v1/own-pictures${path}`, how).catch(() => ({ ok: false, status: 0 }));
    if (!answer.ok) throw answer;
    return answer.json();
  };

  const about = ({ pdq, quality, shown }) => {
    if (pdq && quality >= ENOUGH) return bw.say("Ready. A changed copy is found too.");
    if (shown) return bw.say("Ready. It has little detail, so only the very same file is found.");
    return bw.say("Ready. Only the very same file is found.");
  };
  const draw = () => {
    node("chosen").replaceChildren(...chosen.map((one) => {
      const row = document.createElement("li");
      const text = document.createElement("span");
      const note = document.createElement("small");
      const gone = document.createElement("button");
      text.textContent = one.name;
      note.textContent = about(one);
      text.append(note);
      gone.type = "button";
      gone.textContent = bw.say("Take away");
      gone.setAttribute("aria-label", bw.say("Take away %(name)s", { name: one.name }));
      gone.addEventListener("click", () => {
        chosen = chosen.filter((other) => other !== one);
        draw();
        node("files").focus();
      });
      row.append(text, gone);
      return row;
    }));
    node("sent").textContent = JSON.stringify(chosen.map(plain), null, 1);
    node("ready").hidden = chosen.length === 0;
  };
  const plain = ({ sha256, pdq, quality }) => ({ sha256, pdq, quality });

  const take = async ({ target }) => {
    const most = Number(document.body.dataset.most);
    const files = Array.from(target.files);
    fail("");
    for (const file of files) {
      if (chosen.length >= most) {
        fail(bw.say("That is too many at once. Send these first, then the others."));
        break;
      }
      node("making").textContent = bw.say("Making the fingerprint of %(name)s …", { name: file.name });
      try {
        const sha256 = await bw.sha256(file);
        const look = file.type.startsWith("video/") ? null : await bw.picture(file);
        const one = { name: file.name, sha256, pdq: look?.hash ?? "", quality: look?.quality ?? 0, shown: Boolean(look) };
        if (!chosen.some((other) => other.sha256 === sha256)) chosen.push(one);
      } catch {
        fail(bw.say("%(name)s cannot be read. Choose it again.", { name: file.name }));
      }
    }
    node("making").textContent = "";
    target.value = "";
    draw();
  };

  const send = async () => {
    fail("");
    node("send").disabled = true;
    node("working").hidden = false;
    try {
      const { challenge, bits } = await call("/work");
      const nonce = await bw.work(challenge, bits, (share) => (node("work").value = Math.min(share, 1)));
      const { code } = await call("", { challenge, bits, nonce, pictures: chosen.map(plain) });
      chosen = [];
      draw();
      node("code").textContent = code;
      node("done").hidden = false;
      node("done").focus();
    } catch (answer) {
      fail(answer.status === 429 ? words(429) : words(0));
    }
    node("working").hidden = true;
    node("send").disabled = false;
  };

  const ask = async (path) => {
    node("sure").hidden = true;
    const told = await call(path, { code: node("typed").value }).catch((answer) => ({ wrong: words(answer.status) }));
    node("told").textContent = told.wrong ?? STATES[told.state];
    const several = told.pictures?.length > 1;
    node("each").replaceChildren(...(several ? told.pictures : []).map((state) => {
      const row = document.createElement("li");
      row.textContent = SHORT[state];
      return row;
    }));
    node("each").hidden = !several;
  };

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(node("code").textContent);
      node("copied").textContent = bw.say("Copied.");
    } catch {
      getSelection().selectAllChildren(node("code"));
      node("copied").textContent = bw.say("The code is marked now. Copy it with your device.");
    }
  };

  node("leave").addEventListener("click", leave);
  addEventListener("keydown", ({ key, timeStamp, repeat }) => {
    if (key !== "Escape" || repeat) return;
    if (timeStamp - escaped < TWICE_MS) leave();
    escaped = timeStamp;
  });
  addEventListener("pagehide", empty);
  for (const link of document.querySelectorAll("[data-language]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      location.replace(link.href);
    });
  }
  for (const part of document.querySelectorAll("[data-needs-script]")) part.hidden = false;
  document.querySelector("[data-no-script]").hidden = true;
  node("files").addEventListener("change", take);
  node("send").addEventListener("click", send);
  node("copy").addEventListener("click", copy);
  node("print").addEventListener("click", () => print());
  node("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    ask("/status");
  });
  node("withdraw").addEventListener("click", () => {
    if (!node("ask").reportValidity()) return;
    node("sure").hidden = false;
    node("yes").focus();
  });
  node("no").addEventListener("click", () => {
    node("sure").hidden = true;
    node("withdraw").focus();
  });
  node("yes").addEventListener("click", () => {
    node("withdraw").focus();
    ask("/withdraw");
  });
})();
