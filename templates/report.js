"use strict";
(() => {
  const all = () => document.querySelectorAll("details");
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...all()].filter((d) => !d.open);
    opened.forEach((d) => { d.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((d) => { d.open = false; }));
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let d = target; d; d = d.parentElement) { if (d.tagName === "DETAILS") { d.open = true; } }
  };
  addEventListener("hashchange", reveal);
  reveal();
  const button = document.getElementById("expand");
  button.hidden = false;
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-pressed") !== "true";
    all().forEach((d) => { d.open = open; });
    button.setAttribute("aria-pressed", String(open));
  });
})();
