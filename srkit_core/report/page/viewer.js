/* Two pictures over each other: a divider, zoom and steps, by mouse, touch and keys. */
(() => {
  "use strict";
  const block = document.getElementById("picture-data");
  if (!block) return;
  const data = JSON.parse(block.textContent), MOST = 16;
  const one = (name) => document.getElementById(`view-${name}`);
  const frame = one("frame"), handle = one("divider"), step = one("step"), zoom = one("zoom");
  const left = one("before"), right = one("after"), pictures = one("picture");
  const sides = { left: one("left"), right: one("right") };
  let split = 50, scale = 1, x = 0.5, y = 0.5, natural = 1;

  const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
  const option = (select, words) => select.replaceChildren(...words.map((word, place) => new Option(word, String(place))));
  const sources = () => data[Number(pictures.value)].sources;
  const source = (side) => sources()[Number(sides[side].value)];
  const steps = () => [...new Set(["left", "right"].flatMap((side) => source(side).steps || []))].sort((a, b) => a - b);

  function shot(side) {
    const found = source(side), every = steps();
    if (!found.steps) return [found.ids[0], found.label, found.notes[0]];
    const wanted = every[Number(step.value)];
    let place = 0;
    found.steps.forEach((other, number) => { if (other <= wanted) place = number; });
    return [found.ids[place], `${found.label}, step ${found.steps[place].toLocaleString("en-US")}`, found.notes[place]];
  }
  function choose() {
    const labels = sources().map((found) => found.label), before = ["left", "right"].map((side) => sides[side].selectedOptions[0]?.text);
    option(sides.left, labels);
    option(sides.right, labels);
    const place = (label, otherwise) => labels.includes(label) ? labels.indexOf(label) : otherwise;
    const last = labels.length - 1, series = sources().findIndex((found) => found.steps);
    sides.left.value = String(place(before[0], place("bicubic", 0)));
    sides.right.value = String(place(before[1], series >= 0 ? series : last));
    reach();
  }
  function reach() {
    const every = steps(), at = step.dataset.step;
    step.max = String(Math.max(every.length - 1, 0));
    step.value = at === undefined ? step.max : String(Math.max(every.filter((other) => other <= Number(at)).length - 1, 0));
    step.closest("label").hidden = every.length < 2;
    draw();
  }
  function draw() {
    for (const [side, picture] of [["left", left], ["right", right]]) {
      const [id, words, note] = shot(side), from = document.getElementById(id);
      if (picture.dataset.from !== id) {
        picture.src = from.src;
        picture.alt = `${pictures.selectedOptions[0].text}: ${words}`;
        picture.dataset.from = id;
      }
      one(`${side}-said`).textContent = note ? `${words} · ${note}` : words;
      if (side === "left") continue;
      const [width, height] = ["width", "height"].map((edge) => Number(from.getAttribute(edge)));
      frame.style.aspectRatio = `${width} / ${height}`;
      frame.style.maxWidth = `${80 * width / height}vh`;
      natural = width;
    }
    const every = steps();
    if (every.length) {
      const said = every[Number(step.value)].toLocaleString("en-US");
      one("step-said").textContent = said;
      step.setAttribute("aria-valuetext", `step ${said}`);
    }
    place();
  }
  function place() {
    const move = `translate(${(0.5 - x * scale) * 100}%, ${(0.5 - y * scale) * 100}%) scale(${scale})`;
    for (const picture of [left, right]) {
      picture.style.transform = move;
      picture.classList.toggle("pixels", scale * frame.clientWidth >= 3 * natural);
    }
    one("cut").style.clipPath = `inset(0 ${100 - split}% 0 0)`;
    handle.style.left = `${split}%`;
    handle.setAttribute("aria-valuenow", String(Math.round(split)));
    handle.setAttribute("aria-valuetext", `${Math.round(split)} % ${one("left-said").textContent}`);
    zoom.value = String(Math.log2(scale));
    zoom.setAttribute("aria-valuetext", `${Number(scale.toFixed(1))} times`);
    one("zoom-said").textContent = `${Number(scale.toFixed(1))}×`;
    frame.classList.toggle("zoomed", scale > 1);
  }
  function divide(to) { split = clamp(to, 0, 100); place(); }
  function enlarge(to, atX = 0.5, atY = 0.5) {
    const before = scale;
    scale = clamp(to, 1, MOST);
    pan(x + (atX - 0.5) * (1 / before - 1 / scale), y + (atY - 0.5) * (1 / before - 1 / scale));
  }
  function pan(toX, toY) {
    const half = 0.5 / scale;
    [x, y] = [clamp(toX, half, 1 - half), clamp(toY, half, 1 - half)];
    place();
  }
  const at = (event) => {
    const box = frame.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };

  const down = new Map();
  let dragging = false, apart = 0;
  frame.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    frame.setPointerCapture(event.pointerId);
    down.set(event.pointerId, at(event));
    dragging = event.target === handle || handle.contains(event.target) || scale === 1;
    if (dragging) { divide(at(event)[0] * 100); handle.focus({ preventScroll: true }); }
    apart = 0;
  });
  frame.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId), now = at(event);
    if (!before) return;
    down.set(event.pointerId, now);
    if (down.size === 2) {
      const [a, b] = [...down.values()], far = Math.hypot(a[0] - b[0], a[1] - b[1]);
      if (apart) enlarge(scale * far / apart, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
      apart = far;
    } else if (dragging) divide(now[0] * 100);
    else pan(x - (now[0] - before[0]) / scale, y - (now[1] - before[1]) / scale);
  });
  for (const end of ["pointerup", "pointercancel"]) frame.addEventListener(end, (event) => { down.delete(event.pointerId); apart = 0; });
  frame.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !frame.contains(document.activeElement)) return;
    event.preventDefault();
    enlarge(scale * 2 ** (-event.deltaY / 240), ...at(event));
  }, { passive: false });
  frame.addEventListener("dblclick", (event) => enlarge(scale > 1 ? 1 : 4, ...at(event)));
  frame.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const far = event.shiftKey ? 10 : 2, side = 0.1 / scale;
    const panning = event.target !== handle;
    const doing = {
      ArrowLeft: () => panning ? pan(x - side, y) : divide(split - far),
      ArrowRight: () => panning ? pan(x + side, y) : divide(split + far),
      ArrowUp: () => panning ? pan(x, y - side) : divide(split + far),
      ArrowDown: () => panning ? pan(x, y + side) : divide(split - far),
      PageUp: () => divide(split + 20), PageDown: () => divide(split - 20),
      Home: () => divide(0), End: () => divide(100),
      "+": () => enlarge(scale * 1.5), "=": () => enlarge(scale * 1.5), "-": () => enlarge(scale / 1.5), "0": () => enlarge(1),
    }[event.key];
    if (doing) { doing(); event.preventDefault(); }
  });
  step.addEventListener("input", () => { step.dataset.step = String(steps()[Number(step.value)]); draw(); });
  zoom.addEventListener("input", () => enlarge(2 ** Number(zoom.value)));
  pictures.addEventListener("change", choose);
  for (const side of ["left", "right"]) sides[side].addEventListener("change", reach);
  document.querySelectorAll("button[data-show]").forEach((button) => button.addEventListener("click", () => {
    const [picture, place, when] = button.dataset.show.split(" ");
    pictures.value = picture;
    choose();
    sides.right.value = place;
    if (when) step.dataset.step = when;
    reach();
    frame.scrollIntoView({ block: "nearest" });
  }));
  option(pictures, data.map((found) => found.name));
  choose();
  one("room").hidden = false;
})();
