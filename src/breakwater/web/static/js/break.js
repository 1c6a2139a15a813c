// The break page counts down by itself, so that nobody has to look again and again.
(() => {
  "use strict";
  const node = document.getElementById("back");
  if (!node) return;
  const until = Date.parse(node.dataset.until);
  const tell = () => {
    const left = Math.ceil((until - Date.now()) / 60000);
    const words = left > 0 ? node.dataset.minutes.replace("#", String(left)) : node.dataset.over;
    if (left < 60 && node.textContent !== words) node.textContent = words;
    if (left <= 0) clearInterval(timer);
  };
  const timer = setInterval(tell, 5000);
  tell();
})();
