/* Light or dark, and everything unfolded on paper. */
(() => {
  "use strict";
  const button = document.getElementById("theme"), root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => root.style.colorScheme ? root.style.colorScheme === "dark" : system.matches;
  const tell = () => {
    button.setAttribute("aria-pressed", String(dark()));
    button.textContent = dark() ? "Light" : "Dark";
    button.setAttribute("aria-label", dark() ? "Dark colours, press for light ones" : "Light colours, press for dark ones");
  };
  button.hidden = false;
  button.addEventListener("click", () => { root.style.colorScheme = dark() ? "light" : "dark"; tell(); });
  system.addEventListener("change", tell);
  tell();
  let closed = [], scheme = "";
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((one) => { one.open = true; });
    scheme = root.style.colorScheme;
    root.style.colorScheme = "light";
  });
  addEventListener("afterprint", () => {
    closed.forEach((one) => { one.open = false; });
    root.style.colorScheme = scheme;
  });
  document.querySelectorAll("button[data-copy]").forEach((copy) => {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      const text = document.getElementById(copy.dataset.copy).textContent;
      try { await navigator.clipboard.writeText(text); copy.textContent = "Copied"; }
      catch { getSelection().selectAllChildren(document.getElementById(copy.dataset.copy)); }
    });
  });
})();
