// Grade: digits answer the outlined field and move on; everything is also a real form.
// The page is swapped item by item, so this file asks the document anew each time.
(() => {
  "use strict";
  const bw = window.breakwater;
  const grade = () => document.getElementById("grade");
  const panel = () => document.getElementById("panel");
  const fields = () => [...panel().querySelectorAll("[data-field]")];
  const picked = (field) => field.querySelector("input:checked");
  // Who is in a stretch is asked where there are several children.
  const asks = (field) =>
    !field.hasAttribute("data-optional") && (!field.hasAttribute("data-many") || childrenOf().length > 1);
  const tell = (words) => (document.getElementById("reveal-status").textContent = words);
  let current = null;
  let given = [];
  let began = 0;
  let start = null;

  const outline = (field) => {
    for (const other of fields()) other.classList.toggle("now", other === field);
    current = field;
    field?.scrollIntoView({ block: "nearest" });
  };
  const open = () => fields().find((field) => asks(field) && !picked(field));
  const moveOn = () => {
    const all = fields();
    const later = all.slice(all.indexOf(current) + 1);
    outline(later.find((field) => asks(field) && !picked(field)) ?? open() ?? null);
  };
  const took = (field) => {
    given = [...given.filter((one) => one !== field && one.isConnected), field];
    // A question was about the answers as they stood.
    for (const node of panel().querySelectorAll("#asked, [name=asked], #wrong")) node.remove();
  };
  const answer = (digit) => {
    if (!current) return;
    const options = [...current.querySelectorAll("input")];
    if (current.hasAttribute("data-many")) {
      options.find((one) => one.value === String(digit) && !one.closest("label").hidden)?.click();
      return;
    }
    const option = current.dataset.field === "offenders" ? options[digit] : options[digit - 1];
    if (!option) return;
    option.checked = true;
    took(current);
    moveOn();
  };
  const DIGITS = ["grade.0", "grade.1", "grade.2", "grade.3", "grade.4", "grade.5", "grade.6", "grade.7", "grade.8", "grade.9"];
  DIGITS.forEach((key, digit) => bw.on(key, () => answer(digit)));
  const MARKS = [
    "grade.self_made", "grade.live", "grade.evident", "grade.tiled", "grade.comparison",
    "grade.synthetic", "grade.drawn", "grade.known",
  ];
  for (const key of MARKS) bw.on(key, () => panel().querySelector(`[data-key="${key}"]`)?.click());

  // Numbered parts: a child or a stretch is made from its template, with its number put in.
  const made = (template, number) => {
    const part = document.getElementById(template).content.firstElementChild.cloneNode(true);
    for (const node of [part, ...part.querySelectorAll("*")]) {
      for (const name of ["id", "name", "data-field", "data-child", "data-stretch"]) {
        const value = node.getAttribute(name);
        if (value !== null) node.setAttribute(name, value.replace(/(^|-)0$/, `$1${number}`));
      }
      if (node.hasAttribute("data-number")) node.textContent = String(number);
    }
    return part;
  };
  const childrenOf = () => [...document.querySelectorAll("#children [data-child]")];
  const spare = () => {
    const numbers = childrenOf().map((child) => child.dataset.child);
    for (const field of panel().querySelectorAll("[data-many]")) {
      for (const number of numbers.filter((one) => !field.querySelector(`input[value="${one}"]`))) {
        const label = field.querySelector("label").cloneNode(true);
        label.querySelector("kbd")?.remove();
        label.querySelector("input").value = number;
        label.querySelector("input").checked = false;
        label.querySelector("span").textContent = label.querySelector("span").textContent.replace("1", number);
        field.querySelector("div").lastElementChild.before(label);
      }
    }
    for (const input of panel().querySelectorAll("[data-many] input:not([value='0'])")) {
      input.closest("label").hidden = !numbers.includes(input.value);
      if (input.closest("label").hidden) input.checked = false;
    }
  };
  const addChild = () => {
    const last = childrenOf().at(-1);
    const part = made("blank-child", Number(last?.dataset.child ?? 0) + 1);
    document.getElementById("children").append(part);
    spare();
    outline(part.querySelector("[data-field]"));
    return part;
  };
  bw.on("grade.child", addChild);

  const back = () => {
    const field = given.filter((one) => one.isConnected).at(-1);
    const last = childrenOf().at(-1);
    const empty = last && childrenOf().length > 1 && !last.querySelector("input:checked");
    if (empty && (!field || current?.closest("[data-child]") === last)) {
      last.remove();
      spare();
      return outline(open() ?? null);
    }
    if (!field) return;
    given = given.filter((one) => one !== field);
    for (const input of field.querySelectorAll("input")) input.checked = false;
    for (const node of panel().querySelectorAll("#asked, [name=asked], #wrong")) node.remove();
    outline(field);
  };
  bw.on("grade.undo", back);
  bw.on("grade.offenders", () => outline(document.getElementById("field-offenders")));

  // Synthetic and drawn exclude one another.
  const exclusive = (box) => {
    // Nobody and somebody exclude one another.
    const many = box.checked && box.closest("[data-many]");
    for (const other of many ? many.querySelectorAll("input") : []) {
      if (other !== box && (other.value === "0" || box.value === "0")) other.checked = false;
    }
    if (box.name !== "realism" || !box.checked) return;
    for (const other of panel().querySelectorAll("[name=realism]")) if (other !== box) other.checked = false;
  };

  const previous = () => {
    if (!grade().dataset.previous) return;
    const said = JSON.parse(grade().dataset.previous);
    const choose = (name, value) => {
      const input = panel().querySelector(`[name="${name}"][value="${value}"]`);
      if (input) input.checked = true;
    };
    for (const child of childrenOf().slice(Math.max(1, said.children.length))) child.remove();
    spare();
    while (childrenOf().length < said.children.length) addChild();
    choose("activity", said.activity);
    said.children.forEach(([age, sex, maturity], at) => {
      const number = childrenOf()[at].dataset.child;
      choose(`age-${number}`, age);
      choose(`sex-${number}`, sex);
      choose(`maturity-${number}`, maturity);
    });
    for (const box of panel().querySelectorAll(".flags input")) box.checked = said.marks.includes(`${box.name}=${box.value}`);
    if (said.offenders) choose("offenders", said.offenders);
    given = fields().filter(picked);
    outline(open() ?? null);
  };
  bw.on("grade.previous", previous);

  // Stretches of a video: from the frame on show to another one, then a digit for the activity.
  const frameHere = () => document.querySelector(".strip [aria-current]");
  bw.on("grade.stretch_start", () => {
    start = frameHere();
    if (start) tell(bw.say("The stretch starts at %(at)s. Go on, then say where it ends.", { at: start.dataset.at }));
  });
  bw.on("grade.stretch_end", () => {
    const end = frameHere();
    if (!start || !end) return;
    const frames = [...document.querySelectorAll(".strip [data-show]")];
    const after = frames[frames.indexOf(end) + 1] ?? null;
    const until = after ? after.dataset.second : end.dataset.end;
    if (Number(until) <= Number(start.dataset.second)) return tell(bw.say("A stretch ends after it starts."));
    const list = document.getElementById("stretches");
    const number = Math.max(0, ...[...list.children].map((part) => Number(part.dataset.stretch))) + 1;
    const part = made("blank-stretch", number);
    part.querySelector(`[name=start-${number}]`).value = start.dataset.second;
    part.querySelector(`[name=end-${number}]`).value = until;
    part.querySelector("[data-words]").textContent = `${start.dataset.at} – ${after ? after.dataset.at : end.dataset.at}`;
    list.append(part);
    spare();
    start = null;
    outline(part.querySelector("[data-field]"));
  });

  addEventListener("change", (event) => {
    if (!event.target.closest?.("#panel")) return;
    exclusive(event.target);
    const field = event.target.closest("[data-field]");
    if (!field) return took(panel());
    took(field);
    outline(field);
    if (!field.hasAttribute("data-many")) moveOn();
  });
  addEventListener("click", (event) => {
    const key = event.target.closest?.("#panel [data-key], #grade [data-key^='grade.stretch']")?.dataset.key;
    if (key === "grade.child") addChild();
    if (key === "grade.undo") back();
    if (key === "grade.previous") previous();
    if (key?.startsWith("grade.stretch")) bw.act(key);
    if (event.target.closest?.("[data-drop]")) event.target.closest("[data-stretch]").remove();
    // A pointer leaves no focus behind, so that the next key is an answer again.
    if (event.detail && event.target.matches?.("#panel input")) event.target.blur();
  });
  addEventListener("submit", () => {
    const ms = document.querySelector("[data-ms]");
    if (ms) ms.value = String(Math.round(performance.now() - began));
  }, true);
  addEventListener("keydown", (event) => {
    if (event.repeat && event.key === "Backspace" && grade()) event.stopImmediatePropagation();
  }, true);

  const begin = () => {
    if (!grade()) return;
    given = fields().filter(picked);
    start = null;
    began = performance.now();
    outline(open() ?? null);
    bw.stills?.().then(() => {
      const { ahead } = grade()?.dataset ?? {};
      if (ahead) bw.keepStills([{ item: ahead, frame: 0 }]);
    });
  };
  // What is no item (a set that is done, a refusal) is shown as the page it is.
  const other = ({ detail }) => {
    if (detail.xhr.responseText.includes('id="grade"')) return;
    if (detail.xhr.status < 400) {
      detail.shouldSwap = false;
      location.assign(detail.xhr.responseURL);
      return;
    }
    detail.target = document.getElementById("main");
    detail.selectOverride = "#main";
  };
  addEventListener("DOMContentLoaded", () => {
    begin();
    document.body.addEventListener("htmx:beforeSwap", (event) => event.target.closest?.("#grade") && other(event));
    document.body.addEventListener("htmx:afterSettle", begin);
  });
})();
