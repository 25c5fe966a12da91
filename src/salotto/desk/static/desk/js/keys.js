// Every action has a key; "?" lists them.
import { choose } from "./composer.js";
import { move } from "./list.js";
import { close, go } from "./nav.js";
import { current } from "./thread.js";

const press = (key) => current()?.root.querySelector(`[data-head] [data-key="${key}"]`)?.click();
const view = (name) => go(document.querySelector(`[data-nav="${name}"]`).pathname);

const keys = {
  j: () => move(1),
  k: () => move(-1),
  e: () => press("e"),
  a: () => press("a"),
  u: () => press("u"),
  r: () => choose("reply"),
  n: () => choose("note"),
  "?": () => document.getElementById("keys").showModal(),
};
const places = { i: "all", m: "mine", u: "unassigned", d: "done" };

let going = 0; // when "g" was pressed

export function start() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") return escape(event);
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    if (event.target.closest("[data-rows]") && arrows(event)) return;
    const run = chosen(event.key);
    if (!run) return;
    event.preventDefault();
    run();
  });
}

function chosen(key) {
  const afterG = Date.now() - going < 1200;
  going = 0;
  if (afterG && places[key]) return () => view(places[key]);
  if (key === "g") { going = Date.now(); return null; }
  return keys[key];
}

function arrows(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return false;
  event.preventDefault();
  move(step);
  return true;
}

function escape(event) {
  const pane = document.getElementById("contact");
  if (pane?.classList.contains("open")) return document.querySelector(".contact-close").click();
  if (event.target.matches("textarea")) return event.target.blur();
  if (current()) close();
}
