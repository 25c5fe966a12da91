// Whom an answer by mail goes to: the line above the text, its fields, and the quote below.
import { isAddress, read, written } from "./addresses.js";
import { kept } from "./kept.js";
import { dress, finish, isLost, know, set, warn } from "./recipients.js";
import { word } from "./words.js";

const NAMES = ["to", "cc", "bcc", "subject"];

let form = null; // null: this conversation is no email
let key = "";
let usual = {}; // what the server would do by itself
let leftOut = []; // who takes part and would not get it then
let added = []; // those of them who were put into Cc just now
let apart = []; // who was only in Bcc and writes now: nobody is added to Cc beside them

/** Begin with the composer of a thread; `store` is where the browser keeps what was changed. */
export function attach(composer, store) {
  form = "mail" in composer.dataset ? composer : null;
  key = store;
  if (!form) return;
  usual = values();
  added = [];
  const place = form.querySelector("[data-addressing]").dataset;
  leftOut = read(place.leftOut);
  apart = JSON.parse(place.apart);
  know(JSON.parse(place.lost), [...leftOut, ...read(usual.to), ...read(usual.cc)]);
  dress(form);
  const before = JSON.parse(kept.getItem(key) ?? "null");
  if (before) put(before);
  form.addEventListener("people:changed", changed);
  form.elements.subject.addEventListener("input", changed);
  form.elements.quote?.addEventListener("change", changed);
  form.querySelector("[data-only-one]").addEventListener("click", onlyOne);
  form.querySelector("[data-add-left-out]").addEventListener("click", addLeftOut);
  show();
}

const values = () => Object.fromEntries(NAMES.map((name) => [name, form.elements[name].value]));
const isUsual = () => NAMES.every((name) => form.elements[name].value === usual[name]) && form.elements.quote?.checked !== false;

function changed() {
  if (isUsual()) kept.removeItem(key);
  else kept.setItem(key, JSON.stringify({ ...values(), quote: form.elements.quote?.checked ? "1" : "" }));
  show();
  form.dispatchEvent(new Event("addressed"));
}

/** Other recipients, subject or quote. */
export function put(mail) {
  if (!form) return;
  for (const name of NAMES) if (mail[name] !== undefined) write(name, mail[name]);
  if (form.elements.quote && mail.quote !== undefined) form.elements.quote.checked = Boolean(mail.quote);
  changed();
}

function write(name, value) {
  if (name === "subject") form.elements.subject.value = value;
  else set(form.elements[name], value);
}

/** The newest mail is another one now: whoever has changed nothing answers that one. */
export function follow(answer) {
  if (!form) return;
  const untouched = isUsual();
  leftOut = read(answer.left_out);
  apart = answer.apart;
  know(answer.lost, [...leftOut, ...read(answer.to), ...read(answer.cc)]);
  usual = { ...usual, to: normal(answer.to), cc: normal(answer.cc), subject: answer.subject };
  if (untouched) put(usual);
  else show();
  const quote = form.querySelector(".quote-text");
  if (quote) quote.textContent = answer.quoted;
}

// As the fields write it, so that comparing says something.
function normal(text) {
  const probe = form.elements.bcc;
  const before = probe.value;
  set(probe, text);
  const said = probe.value;
  set(probe, before);
  return said;
}

/** Why it cannot be sent like this, or "". */
export function trouble() {
  if (!form) return "";
  finish(form);
  const everybody = ["to", "cc", "bcc"].flatMap((name) => read(form.elements[name].value));
  const wrong = everybody.find(({ address }) => !isAddress(address));
  if (!wrong && everybody.length) return "";
  open();
  return wrong ? word("not_an_address", { name: wrong.address }) : word("name_somebody");
}

/** What goes with the text; the next answer begins as usual. */
export function take() {
  if (!form) return undefined;
  const mail = { ...values(), quote: form.elements.quote?.checked ? "1" : "" };
  kept.removeItem(key);
  added = [];
  form.querySelector("[data-recipients]").open = false;
  queueMicrotask(() => form && put({ ...usual, bcc: "", quote: "1" }));
  return mail;
}

/** Show the fields. */
export function open() {
  if (form) form.querySelector("[data-recipients]").open = true;
}

function onlyOne(event) {
  const all = event.currentTarget.getAttribute("aria-pressed") === "true";
  const first = read(usual.to)[0];
  put(all ? { to: usual.to, cc: usual.cc } : { to: first ? (first.name ? `"${first.name.replaceAll('"', "")}" <${first.address}>` : first.address) : "", cc: "" });
}

// Whoever gets it is not always whom the conversation is with.
function hint(to) {
  const text = form.elements.body;
  if (to.length) text.dataset.replyHint = word("write_to", { name: names(to) });
  if (form.dataset.kind !== "note") text.placeholder = text.dataset.replyHint;
}

// Who takes part in the conversation and would not get this mail; who was taken out of it is one of
// them, unless mail does not reach them or the others may not know of them.
function missing() {
  const there = new Set(["to", "cc", "bcc"].flatMap((name) => read(form.elements[name].value)).map(({ address }) => address.toLowerCase()));
  const removed = [...read(usual.to), ...read(usual.cc)].filter(({ address }) => !apart.includes(address) && !isLost(address));
  return [...removed, ...leftOut].filter(({ address }) => !there.has(address.toLowerCase()));
}

function addLeftOut() {
  added = missing();
  put({ cc: [form.elements.cc.value, ...added.map(written)].filter(Boolean).join(", ") });
  form.elements.body.focus();
}

const NAMED = 3;
const names = (people) => people.slice(0, NAMED).map(({ name, address }) => name || address).join(", ") + (people.length > NAMED ? ` + ${people.length - NAMED}` : "");

function showMissing() {
  const people = missing();
  const line = form.querySelector("[data-left-out-line]");
  if (people.length) added = [];
  if (added.length) line.textContent = word("in_copy", { names: names(added) });
  else line.textContent = people.length === 1 ? word("not_in_copy", { name: names(people) }) : people.length ? word("not_in_copy_several", { names: names(people) }) : "";
  form.querySelector("[data-add-left-out]").hidden = !people.length || ["to", "cc"].flatMap((name) => read(form.elements[name].value)).some(({ address }) => apart.includes(address));
}

// "To Anna Rossi · Cc 2"
function show() {
  showMissing();
  warn(form);
  const people = (name) => read(form.elements[name].value);
  hint(people("to"));
  const names = people("to").map(({ name, address }) => name || address);
  const parts = [`${word("to")} ${names.length ? names.join(", ") : word("nobody_yet")}`];
  for (const name of ["cc", "bcc"]) if (people(name).length) parts.push(`${word(name)} ${people(name).length}`);
  form.querySelector("[data-people-line]").textContent = parts.join(" · ");
  const button = form.querySelector("[data-only-one]");
  const first = read(usual.to)[0];
  button.hidden = read(usual.to).length + read(usual.cc).length < 2; // a newer mail may go to one alone
  if (first) button.querySelector("[data-one-word]").textContent = word("reply_only_to", { name: first.name || first.address });
  const one = people("to").length + people("cc").length < 2; // whoever has a blind copy counts for nothing
  button.setAttribute("aria-pressed", String(one));
  button.querySelector("[data-all-word]").hidden = !one;
  button.querySelector("[data-one-word]").hidden = one;
}
