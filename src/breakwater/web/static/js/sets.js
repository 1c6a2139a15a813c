// Sets: sends a file into the import folder, shows how far it is, and chooses it in the form.
(() => {
  "use strict";
  const bw = window.breakwater;
  const send = (file) => {
    const status = document.getElementById("send-status");
    const bar = document.getElementById("sent");
    const request = new XMLHttpRequest();
    request.open("POST", `/sets/files?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("X-CSRF-Token", bw.csrf());
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("Accept", "application/json");
    bar.hidden = false;
    request.upload.addEventListener("progress", ({ loaded, total }) => (bar.value = loaded / total));
    request.addEventListener("load", () => {
      bar.hidden = true;
      let said = {};
      try {
        said = JSON.parse(request.responseText);
      } catch {
        // what answered was no JSON: the words below say that it failed
      }
      if (request.status !== 201) {
        status.textContent = said.detail || bw.say("The file was not taken. Send it again.");
        return;
      }
      const choice = new Option(said.file, said.file, true, true);
      document.getElementById("f-file").add(choice);
      status.textContent = bw.say("%(name)s is in the import folder and chosen above.", { name: said.file });
    });
    request.addEventListener("error", () => (status.textContent = bw.say("The file was not taken. Send it again.")));
    request.send(file);
  };
  addEventListener("DOMContentLoaded", () => {
    const field = document.getElementById("send");
    field.hidden = false;
    field.querySelector("input").addEventListener("change", ({ target }) => {
      if (target.files[0]) send(target.files[0]);
      target.value = "";
    });
  });
})();
