// The conversation list: changed rows only, in their place, never under the pointer.
import { get } from "./net.js";
import { live } from "./stream.js";
import { refreshTimes, word } from "./words.js";

const COALESCE = 250, MOST = 50, TOP = 8;

const desk = () => document.getElementById("desk");
const list = () => document.querySelector("[data-rows]");
const scroller = () => document.querySelector("[data-scroll]");
const rowOf = (id) => list().querySelector(`:scope > [data-id="${id}"]`);

const changed = new Set();
const own = new Set(); // those that this reader just sent away: their rows do not wait
const waiting = new Map(); // id -> the row's new place, or null: it left the view
let timer = 0;
let pointerInside = false;

/** Begin to follow the stream. */
export function start() {
  live.addEventListener("facts", ({ detail }) => detail.forEach((fact) => fact.conversation && note(fact.conversation)));
  live.addEventListener("now", ({ detail }) => detail.kind === "presence" && showPresence(detail.visitor, detail.here));
  live.addEventListener("reset", reload);
  setInterval(() => refreshTimes(list()), 20000);
  attach();
}

/** The list was replaced (another view): listen to the new one. */
export function attach() {
  waiting.clear();
  showWaiting();
  pointerInside = false;
  const box = scroller();
  const pane = box.closest(".list"); // with the pill: reaching for it is not leaving
  pane.addEventListener("pointerenter", (event) => { pointerInside = event.pointerType === "mouse"; });
  pane.addEventListener("pointerleave", () => { pointerInside = false; settle(); });
  box.addEventListener("scroll", settle, { passive: true });
  box.addEventListener("focusout", () => setTimeout(settle));
  document.querySelector("[data-newer]").addEventListener("click", release);
  refreshTimes(list());
  watchOlder();
  roving();
}

/** This reader sends a conversation out of the view: it goes at once, or stays when refused. */
export function leaving(id, goes = true) {
  const row = rowOf(id);
  row?.classList.toggle("gone", goes);
  if (goes) own.add(id);
  else own.delete(id);
}

/** Ask for this conversation's row, together with others that change in the same moment. */
export function note(id) {
  changed.add(id);
  timer ||= setTimeout(fetchChanged, COALESCE);
}

async function fetchChanged() {
  timer = 0;
  const ids = [...changed];
  changed.clear();
  if (ids.length > MOST) return reload();
  const view = desk().dataset.view;
  let told;
  try {
    told = await get(`${desk().dataset.base}rows/?ids=${ids.join(",")}`);
  } catch (error) {
    if (error.status === 0 || error.status >= 500) setTimeout(() => ids.forEach(note), 2000);
    return;
  }
  if (view !== desk().dataset.view) return;
  showCounts(told.counts);
  const found = new Map(told.rows.map((row) => [row.id, row]));
  const before = tops();
  for (const id of ids) take(id, found.get(id) ?? null);
  slide(before);
  showWaiting();
}

function showCounts(counts) {
  for (const place of document.querySelectorAll("[data-count]")) place.textContent = counts[place.dataset.count] || "";
}

// One row: changed in its place at once; its move waits while somebody reads the list.
function take(id, row) {
  const old = rowOf(id);
  if (row && old) fill(old, row);
  if (row && isBelowAll(row.key)) return old?.remove();
  if ((row && old && isInPlace(old, row.key)) || (!row && !old)) return waiting.delete(id);
  if (!row) old.classList.add("gone");
  else old?.classList.remove("gone");
  if (held() && !own.delete(id)) waiting.set(id, row);
  else put(id, row);
}

function fill(old, row) {
  const fresh = parse(row.html);
  const focused = old.contains(document.activeElement);
  const link = fresh.firstElementChild;
  if (String(id_open()) === fresh.dataset.id) link.setAttribute("aria-current", "true");
  link.tabIndex = old.firstElementChild.tabIndex;
  old.replaceChildren(link);
  old.dataset.version = fresh.dataset.version;
  if (focused) link.focus();
}

function put(id, row) {
  waiting.delete(id);
  const old = rowOf(id);
  if (!row) return old?.remove();
  const item = old ?? parse(row.html);
  item.dataset.key = row.key;
  item.classList.remove("gone");
  if (String(id_open()) === item.dataset.id) item.firstElementChild.setAttribute("aria-current", "true");
  const focused = item.contains(document.activeElement);
  list().insertBefore(item, firstBelow(row.key, item));
  if (focused) item.firstElementChild.focus();
  if (!old) item.firstElementChild.tabIndex = -1;
}

const id_open = () => desk().dataset.open ?? "";
function parse(html) {
  const box = document.createElement("template");
  box.innerHTML = html.trim();
  refreshTimes(box.content);
  return box.content.firstElementChild;
}

const parts = (key) => key.split("-").map(Number);
const above = (a, b) => { const [x, y] = [parts(a), parts(b)]; return x[0] > y[0] || (x[0] === y[0] && x[1] > y[1]); };
const rows = () => [...list().children].filter((item) => item.dataset.id);

function firstBelow(key, but) {
  for (const item of list().children) if (item !== but && (!item.dataset.id || above(key, item.dataset.key))) return item;
  return null;
}

// Older than what is loaded: it comes with its page.
function isBelowAll(key) {
  const last = rows().at(-1);
  return Boolean(list().querySelector("[data-older]") && last && above(last.dataset.key, key));
}

function isInPlace(item, key) {
  const [before, after] = [item.previousElementSibling, item.nextElementSibling];
  const fits = (!before || above(before.dataset.key, key)) && (!after?.dataset.id || above(key, after.dataset.key));
  if (fits) item.dataset.key = key;
  return fits;
}

const held = () => pointerInside || scroller().scrollTop > TOP || list().matches(":has(:focus-visible)");
const settle = () => { if (waiting.size && !held()) release(false); };

/** Put everything that waits in its place; from the pill, go to the top too. */
function release(toTop = true) {
  const before = tops();
  for (const [id, row] of [...waiting]) put(id, row);
  if (toTop) scroller().scrollTop = 0;
  slide(before);
  showWaiting();
}

function showWaiting() {
  const pill = document.querySelector("[data-newer]");
  const n = [...waiting.values()].filter(Boolean).length;
  pill.hidden = n === 0;
  pill.textContent = `↑ ${n === 1 ? word("newer_one") : word("newer_many", { n })}`;
  document.querySelector("[data-empty]").hidden = rows().length > 0;
}

// Where the first rows stood, so that a move can be shown as one.
function tops() {
  return new Map(rows().slice(0, 30).map((item) => [item, item.offsetTop]));
}

function slide(before) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const item of rows().slice(0, 30)) {
    const from = before.has(item) ? before.get(item) - item.offsetTop : -24;
    if (!from) continue;
    const start = before.has(item) ? { transform: `translateY(${from}px)` } : { transform: `translateY(${from}px)`, opacity: 0 };
    item.animate([start, { transform: "none", opacity: 1 }], { duration: 180, easing: "cubic-bezier(0.2, 0.7, 0.3, 1)" });
  }
}

let observer = null;
function watchOlder() {
  observer?.disconnect();
  const more = list().querySelector("[data-older]");
  if (!more) return;
  observer = new IntersectionObserver((seen) => seen.some((s) => s.isIntersecting) && loadOlder(more), { root: scroller(), rootMargin: "800px" });
  observer.observe(more);
}

async function loadOlder(more) {
  observer.disconnect();
  const html = await get(more.dataset.older, { text: true }).catch(() => null);
  if (html === null) return setTimeout(watchOlder, 3000);
  if (!more.isConnected) return;
  const box = document.createElement("template");
  box.innerHTML = html.trim();
  refreshTimes(box.content);
  for (const item of [...box.content.children]) if (item.dataset.id && rowOf(item.dataset.id)) item.remove();
  for (const link of box.content.querySelectorAll(".row")) link.tabIndex = -1;
  more.replaceWith(box.content);
  watchOlder();
}

/** Load the view anew: what was missed is too much to tell. */
export async function reload() {
  const html = await get(desk().dataset.base, { text: true, headers: { "HX-Target": "div#desk" } }).catch(() => null);
  if (html === null) return setTimeout(reload, 3000);
  const fresh = parse(html);
  list().replaceWith(fresh.querySelector("[data-rows]"));
  document.querySelector(".views ul").replaceWith(fresh.querySelector(".views ul"));
  select(id_open());
  waiting.clear();
  showWaiting();
  watchOlder();
}

/** Show which conversation is open. */
export function select(id) {
  for (const link of list().querySelectorAll(".row[aria-current]")) link.removeAttribute("aria-current");
  const item = id ? rowOf(id) : null;
  item?.firstElementChild.setAttribute("aria-current", "true");
  roving(item ?? undefined);
}

// One row is in the tab order; the arrows move among them.
function roving(item = list().querySelector(".row[aria-current]")?.parentElement ?? rows()[0]) {
  for (const link of list().querySelectorAll('.row[tabindex="0"]')) link.tabIndex = -1;
  for (const link of list().querySelectorAll(".row:not([tabindex])")) link.tabIndex = -1;
  if (item) item.firstElementChild.tabIndex = 0;
}

/** The row that has the focus, or undefined. */
export const focused = () => rows().find((item) => item.contains(document.activeElement));

/** The row to go to when this conversation leaves the list: the next one, or the one before. */
export function neighbour(id) {
  const all = rows().filter((item) => item.dataset.id === String(id) || !item.classList.contains("gone"));
  const at = all.findIndex((item) => item.dataset.id === String(id));
  return all[at + 1] ?? all[at - 1] ?? null;
}

/** Put the focus on a row. */
export function focus(item) {
  roving(item);
  item.firstElementChild.focus();
  item.scrollIntoView({ block: "nearest" });
}

/** Move the focus by `step` rows, from the focused or the open one. */
export function move(step) {
  const all = rows();
  const from = all.findIndex((item) => item.contains(document.activeElement));
  const open = all.findIndex((item) => item.firstElementChild.hasAttribute("aria-current"));
  const at = from >= 0 ? from + step : open >= 0 ? open + step : 0;
  const item = all[Math.min(all.length - 1, Math.max(0, at))];
  if (item) focus(item);
}

function showPresence(visitor, here) {
  for (const item of list().querySelectorAll(`[data-visitor="${visitor}"]`)) {
    item.querySelector(".avatar").classList.toggle("here", here);
    item.querySelector(".here-word").hidden = !here;
  }
}
