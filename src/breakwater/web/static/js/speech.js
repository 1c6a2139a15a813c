// Words of the scripts, in the page's language: the English sentence is the key and the last resort.
// The page carries the translations of these sentences alone, in <meta name="words">; none in English.
(() => {
  "use strict";
  const bw = (window.breakwater = window.breakwater || {});
  const table = () => {
    const packed = document.querySelector("meta[name=words]")?.content;
    return packed ? JSON.parse(packed) : {};
  };
  let words = null;
  const put = (text, values) => text.replace(/%\((\w+)\)[sd]/g, (_, name) => String(values[name] ?? ""));
  const find = (key) => (words ??= table())[key];

  bw.say = (text, values = {}) => put(find(text) ?? text, values);
  // One and many: languages with more forms than two have the last of them said of every number but 1.
  bw.sayN = (one, many, n, values = {}) => {
    const forms = find(one) ?? [one, many];
    return put(n === 1 ? forms[0] : forms[forms.length - 1], { n, ...values });
  };
})();
