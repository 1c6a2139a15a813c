// The case's line of time, drawn from its own table; arrow keys go from point to point.
// Marks have shapes besides colours: ▲ report, ■ decision, ○ opened, | look, hatching for a matched span,
// a lower bar with crosses for a stretch that nobody saw; risk is a step line, viewers a thin dashed one.
(() => {
  "use strict";
  const bw = window.breakwater;
  const $ = (id) => document.getElementById(id);
  let plot = null;
  let points = [];
  let at = -1;

  const resolve = (name) => {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  };
  const seconds = (text) => Date.parse(text) / 1000;
  const read = () =>
    [...$("timeline-rows").tBodies[0].rows].reverse().map((row) => {
      const time = row.querySelector("time");
      return {
        sort: row.dataset.sort,
        at: seconds(time.dateTime),
        until: row.dataset.until ? seconds(row.dataset.until) : null,
        value: row.dataset.value ? Number(row.dataset.value) : null,
        words: [time.textContent, ...[...row.cells].slice(1).map((cell) => cell.textContent)].filter(Boolean).join(" · "),
      };
    });

  const hatch = (ctx, x, y, width, height, colour) => {
    ctx.save();
    ctx.strokeStyle = colour;
    ctx.strokeRect(x, y, width, height);
    ctx.beginPath();
    ctx.rect(x, y, width, height);
    ctx.clip();
    ctx.beginPath();
    for (let from = x - height; from < x + width; from += 6 * devicePixelRatio) {
      ctx.moveTo(from, y + height);
      ctx.lineTo(from + height, y);
    }
    ctx.stroke();
    ctx.restore();
  };
  const LANE = { report: 0.2, alarm: 0.35, opened: 0.5, view: 0.5, decision: 0.8 };
  const shape = (ctx, sort, x, y, r) => {
    ctx.beginPath();
    if (sort === "report") {
      ctx.moveTo(x, y - r);
      ctx.lineTo(x + r, y + r);
      ctx.lineTo(x - r, y + r);
      ctx.closePath();
      ctx.fill();
    } else if (sort === "alarm") {
      ctx.moveTo(x, y - r);
      ctx.lineTo(x + r, y);
      ctx.lineTo(x, y + r);
      ctx.lineTo(x - r, y);
      ctx.closePath();
      ctx.fill();
    } else if (sort === "decision") ctx.fillRect(x - r, y - r, 2 * r, 2 * r);
    else if (sort === "opened") {
      ctx.arc(x, y, r, 0, 2 * Math.PI);
      ctx.stroke();
    } else {
      ctx.moveTo(x, y - r);
      ctx.lineTo(x, y + r);
      ctx.stroke();
    }
  };
  const bars = (u) => {
    const said = points.filter((one) => one.sort === "comments");
    const width = Math.min(8 * devicePixelRatio, (0.6 * u.bbox.width) / Math.max(1, said.length));
    u.ctx.save();
    u.ctx.fillStyle = resolve("--low");
    u.ctx.globalAlpha = 0.55;
    for (const one of said) {
      const top = u.valToPos(one.value, "comments", true);
      u.ctx.fillRect(u.valToPos(one.at, "x", true) - width / 2, top, width, u.bbox.top + u.bbox.height - top);
    }
    u.ctx.restore();
  };
  const marks = (u) => {
    const { ctx, bbox } = u;
    const px = devicePixelRatio;
    const x = (time) => u.valToPos(time, "x", true);
    const colours = { report: resolve("--high"), alarm: resolve("--high"), decision: resolve("--text"), opened: resolve("--muted"), view: resolve("--muted"), span: resolve("--high"), unseen: resolve("--muted") };
    ctx.save();
    ctx.lineWidth = 1.5 * px;
    for (const one of points) {
      if (!(one.sort in colours)) continue;
      ctx.fillStyle = ctx.strokeStyle = colours[one.sort];
      if (one.sort === "unseen") {
        const [left, high] = [x(one.at), 8 * px];
        const width = Math.max(3 * px, x(one.until) - left);
        ctx.strokeRect(left, bbox.top + bbox.height - high, width, high);
        ctx.beginPath();
        for (let from = left; from + high <= left + width; from += high) {
          ctx.moveTo(from, bbox.top + bbox.height - high);
          ctx.lineTo(from + high, bbox.top + bbox.height);
          ctx.moveTo(from + high, bbox.top + bbox.height - high);
          ctx.lineTo(from, bbox.top + bbox.height);
        }
        ctx.stroke();
      } else if (one.sort === "span") {
        const width = Math.max(10 * px, x(one.until ?? one.at) - x(one.at));
        hatch(ctx, x(one.at) - (one.until ? 0 : width / 2), bbox.top, width, bbox.height, colours.span);
      } else shape(ctx, one.sort, x(one.at), bbox.top + bbox.height * LANE[one.sort], 5 * px);
    }
    if (at >= 0) {
      ctx.strokeStyle = resolve("--focus");
      ctx.lineWidth = 2 * px;
      ctx.beginPath();
      ctx.moveTo(x(points[at].at), bbox.top);
      ctx.lineTo(x(points[at].at), bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  };

  const label = (splits) => {
    const wide = splits[splits.length - 1] - splits[0] > 86400;
    const close = splits[splits.length - 1] - splits[0] < 600 && { second: "2-digit" };
    const form = wide ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit", ...close, hourCycle: "h23" };
    const say = new Intl.DateTimeFormat(document.documentElement.lang, { ...form, timeZone: "UTC" });
    return splits.map((time) => say.format(new Date(time * 1000)));
  };
  const range = () => {
    const low = points[0].at;
    const high = Math.max(...points.map((one) => one.until ?? one.at));
    const air = Math.max(30, (high - low) * 0.03);
    return [low - air, high + air];
  };
  const draw = () => {
    const node = $("timeline-plot");
    plot?.destroy();
    const [muted, line] = [resolve("--muted"), resolve("--line")];
    const font = `13px ${getComputedStyle(document.body).fontFamily}`;
    const of = (sort) => points.map((one) => (one.sort === sort ? one.value : null));
    const most = Math.max(1, ...of("comments"));
    const crowd = Math.max(1, ...of("viewers"));
    const stepped = window.uPlot.paths.stepped({ align: 1 });
    plot = new window.uPlot(
      {
        width: node.clientWidth,
        height: node.clientHeight,
        padding: [null, 30, null, 30], // half of the widest label, which stands under its line
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { range }, risk: { range: [0, 1] }, comments: { range: [0, most * 1.2] }, viewers: { range: [0, crowd * 1.1] } },
        axes: [
          { stroke: muted, font, size: 24, gap: 2, space: 90, ticks: { show: false }, grid: { stroke: line, width: 1 }, values: (_, splits) => label(splits) },
          { show: false, scale: "risk" },
        ],
        series: [
          {},
          { scale: "comments", paths: () => null, points: { show: false } },
          { scale: "viewers", stroke: resolve("--act"), width: 1.5, dash: [5, 4], paths: stepped, spanGaps: true, points: { show: false } },
          { scale: "risk", stroke: resolve("--now"), width: 2, paths: stepped, spanGaps: true, points: { show: false } },
        ],
        hooks: { drawAxes: [bars], draw: [marks] },
      },
      [points.map((one) => one.at), of("comments"), of("viewers"), of("risk")],
      node,
    );
  };
  const choose = (wanted) => {
    at = Math.min(points.length - 1, Math.max(0, wanted));
    const node = $("timeline-plot");
    node.setAttribute("aria-valuenow", String(at + 1));
    node.setAttribute("aria-valuetext", points[at].words);
    $("timeline-point").textContent = points[at].words;
    $("timeline-point").hidden = false;
    plot?.redraw(false);
  };
  const build = () => {
    points = read();
    if (!points.length) return;
    const node = $("timeline-plot");
    node.setAttribute("aria-valuemax", String(points.length));
    node.hidden = false;
    if (at >= points.length) at = -1;
    if (at < 0) node.setAttribute("aria-valuetext", points[points.length - 1].words);
    draw();
  };
  const STEP = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };
  const keys = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const start = at < 0 ? points.length : at;
    if (event.key in STEP) choose(start + STEP[event.key]);
    else if (event.key === "Home") choose(0);
    else if (event.key === "End") choose(points.length - 1);
    else return;
    event.preventDefault();
    event.stopPropagation(); // here an arrow means a point, and not a frame
  };
  const nearest = (event) => {
    const box = $("timeline-plot").querySelector(".u-over").getBoundingClientRect();
    const far = (one) => Math.abs(plot.valToPos(one.at, "x") - (event.clientX - box.left));
    choose(points.reduce((best, one, i) => (far(one) < far(points[best]) ? i : best), 0));
  };

  bw.on("case.timeline", () => {
    const node = $("timeline-plot");
    (node && !node.hidden ? node : $("history"))?.focus();
    $("timeline")?.scrollIntoView({ block: "center" });
  });
  addEventListener("DOMContentLoaded", () => {
    const node = $("timeline-plot");
    if (!node) return;
    $("timeline-table").open = false;
    build();
    node.addEventListener("keydown", keys);
    node.addEventListener("click", nearest);
    new MutationObserver(build).observe($("timeline-table"), { subtree: true, childList: true, characterData: true });
    new ResizeObserver(() => plot?.setSize({ width: node.clientWidth, height: node.clientHeight })).observe(node);
    document.body.addEventListener("theme", () => points.length && draw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => points.length && draw());
  });
})();
