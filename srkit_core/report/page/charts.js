/* Curves as SVG: read a step by pointer or arrow keys, zoom by dragging, + and -. */
(() => {
  "use strict";
  const NS = "http://www.w3.org/2000/svg";
  const block = document.getElementById("curve-data");
  if (!block) return;
  const data = JSON.parse(block.textContent);
  const HEIGHT = 250, LEFT = 58, RIGHT = 8, ROOM = 9, TOP = 12, BOTTOM = 30, FEW = 40, DECADE = 10;
  const charts = [], hidden = new Set();
  let full = [0, 1], domain = [0, 1], cursor = null;

  const make = (name, attributes, parent, text) => {
    const node = document.createElementNS(NS, name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    if (text !== undefined) node.textContent = text;
    if (parent) parent.appendChild(node);
    return node;
  };
  const short = (value) => {
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size < 1e-3 || size >= 1e6) return value.toExponential(2).replace(/\.?0+e/, "e").replace("e+", "e");
    return String(Number(value.toPrecision(4)));
  };
  const steps = (value) => {
    for (const [size, letter] of [[1e6, "M"], [1e3, "k"]])
      if (Math.abs(value) >= size) return Number((value / size).toPrecision(4)) + letter;
    return String(Number(value.toPrecision(4)));
  };
  const whole = (value) => value.toLocaleString("en-US");

  const linearTicks = (low, high, count, least) => {
    const rough = Math.max((high - low) / count, least || 0), power = 10 ** Math.floor(Math.log10(rough));
    const step = Math.max([1, 2, 2.5, 5, 10].find((one) => one * power >= rough * 0.999) * power, least || 0);
    const found = [];
    for (let tick = Math.ceil(low / step - 1e-9); tick * step <= high + step * 1e-9; tick++) found.push(tick * step);
    return found.filter((one) => !least || Number.isInteger(one));
  };
  const logTicks = (low, high) => {
    const wide = high / low >= DECADE ** 2.5, found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
      for (const digit of wide ? [1] : [1, 2, 5]) found.push(digit * 10 ** power);
    return found.filter((one) => one >= low && one <= high);
  };

  class Chart {
    constructor(figure, panel) {
      this.panel = panel;
      this.plot = figure.querySelector(".plot");
      this.tip = figure.querySelector(".tip");
      this.said = figure.querySelector(".said");
      this.svg = make("svg", { class: "chart-svg", role: "img", tabindex: 0, "aria-label": figure.dataset.said }, null);
      this.plot.prepend(this.svg);
      this.listen();
    }
    lines() { return this.panel.lines.filter((line) => !hidden.has(line.run)); }
    colour(line) {
      if (data.runs.length > 1) return line.run % 6;
      return line.split === "train" ? [0, 4, 5][line.number % 3] : [1, 2, 3, 4, 5][line.number % 5];
    }
    range() {
      const values = [];
      for (const line of this.lines())
        line.x.forEach((step, place) => {
          const beside = line.x[place + 1] >= domain[0] && line.x[place - 1] <= domain[1];
          if ((step < domain[0] || step > domain[1]) && !beside) return;
          const spread = line.spread ? line.spread[place] : 0;
          values.push(line.y[place] - spread, line.y[place] + spread);
        });
      for (const one of this.panel.baselines) if (!hidden.has(one[0])) values.push(one[2]);
      if (!values.length) return [0, 1];
      return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
    }
    draw() {
      this.width = Math.max(this.plot.clientWidth, 240);
      let [low, high] = this.range();
      this.log = this.panel.axis === "log" && low > 0 && high / low >= DECADE;
      if (this.panel.axis === "probability") [low, high] = [0, 1];
      const room = this.log ? (high / low) ** 0.06 : (high - low) * 0.07 || Math.abs(high) * 0.05 || 1;
      [this.low, this.high] = this.log ? [low / room, high * room] : [low - room, high + room];
      this.svg.setAttribute("viewBox", `0 0 ${this.width} ${HEIGHT}`);
      this.svg.replaceChildren();
      this.axes();
      this.inside = make("svg", { x: LEFT, y: TOP, width: this.right() - LEFT, height: HEIGHT - BOTTOM - TOP,
        viewBox: `${LEFT} ${TOP} ${this.right() - LEFT} ${HEIGHT - BOTTOM - TOP}`, overflow: "hidden" }, this.svg);
      this.stages();
      for (const one of this.panel.baselines) if (!hidden.has(one[0])) this.baseline(one);
      for (const line of this.lines()) this.line(line);
      for (const [run, step, value] of this.panel.best)
        if (!hidden.has(run)) make("circle", { cx: this.x(step), cy: this.y(value), r: 7, class: "best" }, this.inside);
      this.over = make("g", {}, this.svg);
      this.mark();
    }
    right() { return this.width - RIGHT; }
    x(step) { return LEFT + ROOM + (step - domain[0]) / (domain[1] - domain[0]) * (this.right() - LEFT - 2 * ROOM); }
    y(value) {
      const to = this.log ? Math.log : (one) => one;
      return HEIGHT - BOTTOM - (to(value) - to(this.low)) / (to(this.high) - to(this.low)) * (HEIGHT - BOTTOM - TOP);
    }
    step(x) { return domain[0] + (x - LEFT - ROOM) / (this.right() - LEFT - 2 * ROOM) * (domain[1] - domain[0]); }
    axes() {
      const bottom = HEIGHT - BOTTOM;
      for (const tick of this.log ? logTicks(this.low, this.high) : linearTicks(this.low, this.high, 5)) {
        const y = this.y(tick);
        make("line", { x1: LEFT, x2: this.right(), y1: y, y2: y, class: "grid" }, this.svg);
        make("text", { x: LEFT - 8, y: y + 4, class: "tick end" }, this.svg, short(tick));
      }
      for (const tick of linearTicks(domain[0], domain[1], this.width < 420 ? 4 : 6, 1)) {
        const x = this.x(tick);
        make("line", { x1: x, x2: x, y1: bottom, y2: bottom + 4, class: "axis" }, this.svg);
        make("text", { x, y: bottom + 17, class: "tick middle" }, this.svg, steps(tick));
      }
      make("line", { x1: LEFT, x2: this.right(), y1: bottom, y2: bottom, class: "axis" }, this.svg);
      make("text", { x: LEFT - 8, y: bottom + 17, class: "tick end" }, this.svg, "step");
    }
    stages() {
      for (const [run, name, begin] of data.stages) {
        const alone = data.stages.filter((one) => one[0] === run).length < 2;
        if (alone || hidden.has(run) || data.runs.length > 1 && run !== 0) continue;
        const x = this.x(begin);
        make("line", { x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM, class: "stage" }, this.inside);
        const late = x > this.right() - 60;
        make("text", { x: late ? x - 4 : x + 4, y: TOP + 10, class: late ? "stage-name end" : "stage-name" }, this.inside, name);
      }
    }
    baseline([run, name, value]) {
      const y = this.y(value);
      make("line", { x1: LEFT, x2: this.right(), y1: y, y2: y, class: "baseline" }, this.inside);
      const said = ["bicubic", name, data.runs.length > 1 ? data.runs[run] : ""].filter(Boolean).join(", ");
      make("text", { x: this.right() - 4, y: y - 5, class: "stage-name end" }, this.inside, said);
    }
    line(line) {
      const colour = this.colour(line), pale = line.kind === "every row";
      const points = line.x.map((step, place) => [this.x(step), this.y(line.y[place])]);
      const path = (some) => "M" + some.map((one) => one.map((two) => two.toFixed(1)).join(" ")).join("L");
      if (line.spread && data.runs.length === 1) {
        const edge = (sign) => line.x.map((step, place) => [this.x(step), this.y(line.y[place] + sign * line.spread[place])]);
        make("path", { d: path([...edge(1), ...edge(-1).reverse()]) + "Z", class: `band f${colour}` }, this.inside);
      }
      const dashed = data.runs.length > 1 && line.split === "train" ? " dashed" : "";
      make("path", { d: path(points), class: `line k${colour}${pale ? " pale" : ""}${dashed}` }, this.inside);
      const shown = line.x.filter((step) => step >= domain[0] && step <= domain[1]).length;
      if (!pale && shown <= FEW)
        for (const [x, y] of points) make("circle", { cx: x, cy: y, r: line.split === "val" ? 3.5 : 2, class: `f${colour}` }, this.inside);
    }
    mark() {
      this.over.replaceChildren();
      if (cursor === null || cursor < domain[0] || cursor > domain[1]) return;
      const x = this.x(cursor);
      make("line", { x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM, class: "cursor" }, this.over);
      for (const [line, place] of this.near()) {
        const at = { cx: this.x(line.x[place]), cy: this.y(line.y[place]), r: 4, class: `f${this.colour(line)}` };
        if (at.cy >= TOP && at.cy <= HEIGHT - BOTTOM) make("circle", at, this.over);
      }
    }
    near() {
      return this.lines().filter((line) => line.kind !== "every row").map((line) => {
        let best = 0;
        line.x.forEach((step, place) => { if (Math.abs(step - cursor) < Math.abs(line.x[best] - cursor)) best = place; });
        return [line, best];
      });
    }
    words() {
      const several = data.runs.length > 1;
      return this.near().map(([line, place]) => {
        const names = [several ? data.runs[line.run] : "", line.name, line.split === "train" ? "training" : "validation", line.kind];
        const spread = line.spread ? ` ± ${short(line.spread[place])}` : "";
        const away = line.x[place] === cursor ? "" : ` at ${whole(line.x[place])}`;
        return [this.colour(line), names.filter(Boolean).join(", "), `${short(line.y[place])}${spread}${this.panel.unit ? " " + this.panel.unit : ""}${away}`];
      });
    }
    tell(aloud) {
      const rows = this.words(), tip = this.tip;
      tip.hidden = cursor === null || !rows.length;
      if (tip.hidden) return;
      tip.replaceChildren();
      const head = document.createElement("b");
      head.textContent = `step ${whole(cursor)}`;
      tip.append(head);
      for (const [colour, name, value] of rows) {
        const row = document.createElement("span"), dot = document.createElement("i"), figure = document.createElement("em");
        dot.className = `b${colour}`;
        figure.textContent = value;
        row.append(dot, `${name} `, figure);
        tip.append(row);
      }
      const x = this.x(cursor) / this.width * this.plot.clientWidth;
      tip.style.left = `${Math.max(0, Math.min(x + 12, this.plot.clientWidth - tip.offsetWidth))}px`;
      if (x + 12 + tip.offsetWidth > this.plot.clientWidth) tip.style.left = `${Math.max(0, x - 12 - tip.offsetWidth)}px`;
      if (aloud) this.said.textContent = [head.textContent, ...rows.map((one) => `${one[1]} ${one[2]}`)].join("; ");
    }
    known() {
      const some = new Set(this.lines().filter((line) => line.kind !== "every row").flatMap((line) => line.x));
      return [...some].filter((one) => one >= domain[0] && one <= domain[1]).sort((a, b) => a - b);
    }
    at(event) {
      const box = this.svg.getBoundingClientRect();
      return (event.clientX - box.left) / box.width * this.width;
    }
    read(x, aloud) {
      const some = this.known(), step = this.step(x);
      cursor = some.length ? some.reduce((a, b) => Math.abs(b - step) < Math.abs(a - step) ? b : a) : null;
      charts.forEach((one) => one.mark());
      this.tell(aloud);
    }
    listen() {
      let from = null;
      this.svg.addEventListener("pointerdown", (event) => {
        if (event.button) return;
        from = this.at(event);
        this.svg.setPointerCapture(event.pointerId);
      });
      this.svg.addEventListener("pointermove", (event) => {
        const x = this.at(event);
        if (from === null) { this.read(x); return; }
        this.mark();
        const left = Math.max(Math.min(x, from), LEFT), wide = Math.min(Math.max(x, from), this.right()) - left;
        if (wide > 0) make("rect", { x: left, y: TOP, width: wide, height: HEIGHT - TOP - BOTTOM, class: "chosen" }, this.over);
      });
      this.svg.addEventListener("pointerup", (event) => {
        const x = this.at(event), begin = from;
        from = null;
        if (begin !== null && Math.abs(x - begin) > 8) show(this.step(Math.min(x, begin)), this.step(Math.max(x, begin)));
        else this.read(x);
      });
      this.svg.addEventListener("pointercancel", () => { from = null; this.mark(); });
      this.svg.addEventListener("pointerleave", () => { if (from === null) away(this); });
      this.svg.addEventListener("blur", () => away(this));
      this.svg.addEventListener("dblclick", () => show(...full));
      this.svg.addEventListener("keydown", (event) => this.key(event));
    }
    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const some = this.known(), place = some.indexOf(cursor), width = domain[1] - domain[0];
      const go = (to) => { if (some.length) this.read(this.x(some[Math.max(0, Math.min(to, some.length - 1))]), true); };
      const doing = {
        ArrowLeft: () => event.shiftKey ? show(domain[0] - width / 4, domain[1] - width / 4) : go(place < 0 ? some.length - 1 : place - 1),
        ArrowRight: () => event.shiftKey ? show(domain[0] + width / 4, domain[1] + width / 4) : go(place + 1),
        Home: () => go(0), End: () => go(some.length - 1),
        "+": () => closer(2, cursor), "=": () => closer(2, cursor), "-": () => closer(0.5, cursor),
        "0": () => show(...full), Escape: () => { show(...full); away(this); },
      }[event.key];
      if (doing) { doing(); event.preventDefault(); }
    }
  }

  function away(chart) {
    cursor = null;
    chart.tip.hidden = true;
    charts.forEach((one) => one.mark());
  }
  function show(low, high) {
    const width = Math.min(Math.max(high - low, Math.min(4, full[1] - full[0])), full[1] - full[0]);
    const begin = Math.max(full[0], Math.min(low, full[1] - width));
    domain = [begin, begin + width];
    charts.forEach((one) => one.draw());
    const all = domain[0] <= full[0] && domain[1] >= full[1];
    const said = all ? "all steps" : `steps ${whole(Math.round(domain[0]))} to ${whole(Math.round(domain[1]))}`;
    document.getElementById("zoom-said").textContent = said;
    document.querySelectorAll("[data-zoom='0']").forEach((one) => { one.disabled = all; });
  }
  function closer(factor, around) {
    const middle = around === null ? (domain[0] + domain[1]) / 2 : around, width = (domain[1] - domain[0]) / factor;
    const share = (middle - domain[0]) / (domain[1] - domain[0]);
    show(middle - share * width, middle + (1 - share) * width);
  }

  for (const figure of document.querySelectorAll("figure.chart")) charts.push(new Chart(figure, data.panels[Number(figure.dataset.panel)]));
  const every = data.panels.flatMap((panel) => panel.lines.flatMap((line) => line.x));
  full = [Math.min(0, every.reduce((a, b) => Math.min(a, b))), every.reduce((a, b) => Math.max(a, b))];
  if (full[0] === full[1]) full[1] += 1;
  show(...full);
  document.querySelectorAll("[data-zoom]").forEach((button) => button.addEventListener("click", () => {
    const factor = Number(button.dataset.zoom);
    if (factor) closer(factor, cursor); else show(...full);
  }));
  document.querySelectorAll("button[data-run]").forEach((button) => button.addEventListener("click", () => {
    const run = Number(button.dataset.run), shown = button.getAttribute("aria-pressed") === "true";
    button.setAttribute("aria-pressed", String(!shown));
    if (shown) hidden.add(run); else hidden.delete(run);
    charts.forEach((one) => one.draw());
  }));
  new ResizeObserver(() => charts.forEach((one) => { if (one.plot.clientWidth !== one.width) one.draw(); })).observe(document.body);
})();
