// How a feed went, drawn from the page's own table of pulls: how far behind as a line that falls to
// nothing with each pull that came to its end, entries sent as bars, a cross where a pull had an error.
(() => {
  "use strict";
  const HOUR = 3600;
  let plot = null;

  const resolve = (name) => {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  };
  const read = () =>
    [...document.querySelectorAll("#pulls tr[data-pull]")].reverse().map((row) => {
      const [at, lag, rows, state] = row.dataset.pull.split(" ");
      return { at: Number(at), lag: lag === "" ? null : Number(lag), rows: Number(rows), bad: state === "bad", over: state === "ok" };
    });

  // Each pull is two points: where the line had climbed to, and where it stands when the pull is over.
  const columns = (pulls, unit) => {
    const [at, lag, rows] = [[], [], []];
    pulls.forEach((one) => {
      const climbed = one.lag === null ? null : one.lag / unit;
      at.push(one.at, one.at);
      lag.push(climbed, one.over ? 0 : climbed);
      rows.push(one.rows, null);
    });
    return [at, lag, rows];
  };
  const draw = (node, pulls) => {
    plot?.destroy();
    const ratio = devicePixelRatio;
    const [muted, line, now, text] = ["--muted", "--line", "--now", "--text"].map(resolve);
    const font = `13px ${getComputedStyle(document.body).fontFamily}`;
    const axis = { stroke: muted, font, ticks: { stroke: line, width: 1 }, grid: { stroke: line, width: 1 } };
    const hours = Math.max(...pulls.map((one) => one.lag ?? 0)) >= 2 * HOUR;
    const long = pulls[pulls.length - 1].at - pulls[0].at > 36 * HOUR;
    const label = (s) => {
      const iso = new Date(s * 1000).toISOString();
      return long ? iso.slice(5, 10) : iso.slice(11, 16);
    };
    const bars = (u) => {
      u.ctx.save();
      u.ctx.fillStyle = muted;
      const wide = Math.max(2, Math.min(6, u.bbox.width / ratio / pulls.length / 4)) * ratio;
      pulls.forEach((one) => {
        if (!one.rows) return;
        const [x, y, foot] = [u.valToPos(one.at, "x", true), u.valToPos(one.rows, "rows", true), u.valToPos(0, "rows", true)];
        u.ctx.fillRect(x - wide / 2, Math.min(y, foot - ratio), wide, Math.max(ratio, foot - y));
      });
      u.ctx.restore();
    };
    const crosses = (u) => {
      u.ctx.save();
      [u.ctx.strokeStyle, u.ctx.lineWidth] = [now, 2 * ratio];
      const [r, y] = [5 * ratio, u.bbox.top + 8 * ratio];
      pulls.filter((one) => one.bad).forEach((one) => {
        const x = u.valToPos(one.at, "x", true);
        u.ctx.beginPath();
        u.ctx.moveTo(x - r, y - r);
        u.ctx.lineTo(x + r, y + r);
        u.ctx.moveTo(x + r, y - r);
        u.ctx.lineTo(x - r, y + r);
        u.ctx.stroke();
      });
      u.ctx.restore();
    };
    const from0 = (_, low, high) => [0, Math.max(1, high * 1.15)];
    const whole = (u, splits) => splits.map((v) => (Number.isInteger(v) ? v.toLocaleString(document.documentElement.lang) : ""));
    plot = new window.uPlot(
      {
        width: node.clientWidth,
        height: node.clientHeight,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { range: (_, low, high) => [low - (high - low || HOUR) * 0.03, high + (high - low || HOUR) * 0.03] }, y: { range: from0 }, rows: { range: from0 } },
        axes: [
          { ...axis, grid: { show: false }, space: 96, size: 28, values: (_, at) => at.map(label) },
          { ...axis, size: 64, space: 40, values: (_, at) => at.map((v) => `${v} ${hours ? "h" : "min"}`) },
          { ...axis, scale: "rows", side: 1, size: 64, space: 40, grid: { show: false }, values: whole },
        ],
        series: [
          {},
          { stroke: resolve("--act"), width: 1.75, points: { show: pulls.length === 1, fill: text } },
          { scale: "rows", paths: () => null, points: { show: false } },
        ],
        hooks: { drawAxes: [bars], draw: [crosses] },
      },
      columns(pulls, hours ? HOUR : 60),
      node,
    );
  };
  addEventListener("DOMContentLoaded", () => {
    const pulls = read();
    if (pulls.length < 2) return;
    const node = document.getElementById("course-plot");
    document.getElementById("course").hidden = false;
    const again = () => draw(node, pulls);
    again();
    new ResizeObserver(() => plot.setSize({ width: node.clientWidth, height: node.clientHeight })).observe(node);
    document.body.addEventListener("theme", again);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  });
})();
