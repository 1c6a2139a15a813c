// The live plot of uploads a second, with the same figures as a table.
(() => {
  "use strict";
  const bw = window.breakwater;
  const STEP_MS = 2000;
  let plot = null;
  let data = null;

  const resolve = (name) => {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  };
  const draw = (node) => {
    plot?.destroy();
    const [muted, line] = [resolve("--muted"), resolve("--line")];
    const font = `13px ${getComputedStyle(document.body).fontFamily}`;
    const axis = { stroke: muted, font, ticks: { stroke: line, width: 1 }, grid: { stroke: line, width: 1 } };
    const one = (label, token, more) => ({ label, stroke: resolve(token), width: 1.75, points: { show: false }, ...more });
    plot = new window.uPlot(
      {
        width: node.clientWidth,
        height: node.clientHeight,
        legend: { show: false },
        cursor: { y: false, points: { size: 6 } },
        scales: { y: { range: (_, low, high) => [0, Math.max(1, high * 1.15)] } },
        axes: [
          { ...axis, grid: { show: false }, space: 96, size: 28, values: (_, at) => at.map((s) => new Date(s * 1000).toISOString().slice(11, 16)) },
          { ...axis, size: 44, space: 40 },
        ],
        series: [{}, one(bw.say("Passed"), "--act", { fill: resolve("--raised") }), one(bw.say("Held"), "--high", { dash: [6, 4] }), one(bw.say("Blocked"), "--now", { width: 2.5 })],
      },
      data,
      node,
    );
  };
  const table = () => {
    const box = document.getElementById("series-table");
    box.hidden = !document.getElementById("series").open;
    if (box.hidden || !data) return;
    const rows = data[0].map((at, i) => [new Date(at * 1000).toISOString().slice(11, 19), data[1][i], data[2][i], data[3][i]]);
    box.querySelector("tbody").replaceChildren(
      ...rows.reverse().slice(0, 60).map((cells) => {
        const row = document.createElement("tr");
        cells.forEach((text, i) => {
          const cell = document.createElement("td");
          cell.textContent = typeof text === "number" ? text.toFixed(1) : text;
          if (i) cell.className = "n";
          row.append(cell);
        });
        return row;
      }),
    );
  };
  const update = async (node) => {
    const answer = await fetch(node.dataset.series, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok) return;
    const { at, allow, hold, block } = await answer.json();
    data = [at, allow, hold, block];
    if (plot) plot.setData(data);
    else draw(node);
    table();
  };
  addEventListener("DOMContentLoaded", () => {
    const node = document.getElementById("plot");
    if (!node) return;
    update(node);
    document.getElementById("series").addEventListener("toggle", table);
    new ResizeObserver(() => plot?.setSize({ width: node.clientWidth, height: node.clientHeight })).observe(node);
    document.body.addEventListener("theme", () => data && draw(node));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => data && draw(node));
    setInterval(() => {
      if (document.hidden || bw.paused) return;
      update(node);
      document.body.dispatchEvent(new CustomEvent("refresh"));
    }, STEP_MS);
  });
})();
