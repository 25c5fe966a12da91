// Every action has a key; "?" lists them.
import { actOnRow } from "./acts.js";
import { choose } from "./composer.js";
import { focused, move } from "./list.js";
import { close, go } from "./nav.js";
import { current, stage } from "./thread.js";

const press = (key) => current()?.root.querySelector(`[data-head] [data-key="${key}"]`)?.click();
function view(name) {
  const link = document.querySelector(`[data-nav="${name}"]`);
  if (link) go(link.pathname);
}

// The row with the focus is what a key means, unless it is the open conversation itself.
function chosenRow() {
  const row = focused();
  return row && Number(row.dataset.id) !== current()?.id ? row : null;
}

function onRow(key) {
  const row = chosenRow();
  if (row) actOnRow(key, row);
  else press(key);
}

// Some need the thread: it is opened first.
function opened(run) {
  const row = chosenRow();
  if (!row) return run();
  stage.addEventListener("opened", () => Number(row.dataset.id) === current()?.id && run(), { once: true });
  go(row.firstElementChild.pathname);
}

const keys = {
  j: () => move(1),
  k: () => move(-1),
  e: () => onRow("e"),
  u: () => onRow("u"),
  a: () => opened(() => press("a")),
  r: () => opened(() => choose("reply")),
  n: () => opened(() => choose("note")),
  c: () => document.querySelector("[data-new-mail]")?.click(),
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
  if (event.target.matches("textarea, input")) return event.target.blur();
  if (current()) close();
}
