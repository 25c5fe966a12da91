// Writing: shown at once, sent once, kept until the server has it.
import * as addressing from "./addressing.js";
import { Files } from "./files.js";
import { kept } from "./kept.js";
import { post, uuid } from "./net.js";
import { apply, current, refresh, stage, toBottom } from "./thread.js";
import { word } from "./words.js";

const account = document.body.dataset.account;
const TYPING_EVERY = 3000, WARN = 500;
const isMac = /Mac|iP(hone|ad)/.test(navigator.platform);

let form = null;
let files = null;

export function start() {
  stage.addEventListener("opened", attach);
  stage.addEventListener("state", ({ detail }) => detail.answer && addressing.follow(detail.answer));
  for (const key of document.querySelectorAll("#keys [data-send-key]")) key.textContent = isMac ? "⌘↵" : "Ctrl ↵";
}

function attach() {
  form = document.querySelector("[data-composer]");
  if (!form) return;
  form.querySelector("[data-send-key]").textContent = isMac ? "⌘↵" : "Ctrl ↵";
  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  form.addEventListener("addressed", count); // what was wrong may be no more
  form.addEventListener("keydown", (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && (event.preventDefault(), send()));
  form.querySelector(".tabs").addEventListener("click", (event) => { const tab = event.target.closest("[data-tab]"); if (tab) choose(tab.dataset.tab); });
  form.querySelector(".tabs").addEventListener("keydown", arrows);
  text().addEventListener("input", () => { keep(); grow(); count(); ping(); });
  text().required = false; // with a file there may be no text
  form.dataset.kind = notesOnly() ? "note" : "reply";
  files = new Files(form);
  files.addEventListener("changed", () => { keepFiles(); count(); });
  addressing.attach(form, mailKey());
  restore();
  for (const item of unsent()) showFailed(bubble(item), item, word("not_sent"));
}

const text = () => form.elements.body;
const notesOnly = () => "notesOnly" in form.dataset; // an inbox that sends nothing
const draftKey = (kind) => `salotto:draft:${account}:${current().id}:${kind}`;

const mailKey = () => `${draftKey("reply")}:mail`;
const filesKey = () => `${draftKey(form.dataset.kind)}:files`;

function keepFiles() {
  const ready = files.ready();
  if (ready.length) kept.setItem(filesKey(), JSON.stringify(ready));
  else kept.removeItem(filesKey());
}

function keep() {
  const value = text().value;
  if (value) kept.setItem(draftKey(form.dataset.kind), value);
  else kept.removeItem(draftKey(form.dataset.kind));
}

function restore() {
  text().value = kept.getItem(draftKey(form.dataset.kind)) ?? "";
  const ready = JSON.parse(kept.getItem(filesKey()) ?? "[]");
  if (ready.length || files.items.length) files.set(ready);
  form.querySelector("[data-attach]").hidden = !files.takes();
  grow();
  count();
}

/** Choose "reply" or "note" and put the focus into the text. */
export function choose(kind) {
  if (!form || (kind === "reply" && notesOnly())) return;
  form.dataset.kind = kind;
  form.classList.toggle("noting", kind === "note");
  for (const tab of form.querySelectorAll("[data-tab]")) {
    const on = tab.dataset.tab === kind;
    tab.setAttribute("aria-selected", on);
    tab.tabIndex = on ? 0 : -1;
  }
  form.querySelector("#writing").setAttribute("aria-labelledby", `tab-${kind}`);
  for (const part of form.querySelectorAll("[data-send-word]")) part.hidden = part.dataset.sendWord !== kind;
  form.querySelector("[data-note-word]").hidden = kind !== "note";
  for (const part of form.querySelectorAll("[data-reply-only]")) part.hidden = kind === "note";
  text().placeholder = kind === "note" ? text().dataset.noteHint : text().dataset.replyHint;
  form.action = form.dataset[kind];
  restore();
  text().focus();
}

function arrows(event) {
  if (notesOnly() || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
  choose(form.dataset.kind === "reply" ? "note" : "reply");
  form.querySelector('[aria-selected="true"]').focus();
}

function grow() {
  if (CSS.supports("field-sizing", "content")) return;
  text().style.height = "auto";
  text().style.height = `${text().scrollHeight}px`;
}

function count() {
  const rest = Number(form.dataset.limit) - [...text().value].length;
  const place = form.querySelector("[data-left]");
  place.textContent = rest < 0 ? word("too_long", { n: -rest }) : rest < WARN ? word("left", { n: rest }) : "";
  place.classList.toggle("over", rest < 0);
  form.querySelector(".send").disabled = rest < 0;
}

let pinged = 0;
function ping() {
  if (form.dataset.kind !== "reply" || !text().value || Date.now() - pinged < TYPING_EVERY) return;
  pinged = Date.now();
  const body = JSON.stringify({ account, conversation: current().id });
  fetch("/live/typing", { method: "POST", headers: { "Content-Type": "application/json" }, body }).catch(() => {});
}

// What is on its way is kept by the browser until the server has it.
const unsentKey = (thread) => `salotto:unsent:${account}:${thread}`;
const unsent = (thread = current().id) => JSON.parse(kept.getItem(unsentKey(thread)) ?? "[]");
function remember(item) { store(item.thread, [...unsent(item.thread).filter((x) => x.id !== item.id), item]); }
function forget(item) { store(item.thread, unsent(item.thread).filter((x) => x.id !== item.id)); }
function store(thread, items) {
  if (items.length) kept.setItem(unsentKey(thread), JSON.stringify(items));
  else kept.removeItem(unsentKey(thread));
}

function send() {
  count();
  const body = text().value.trim();
  const attached = files.ready();
  if ((!body && !files.items.length) || form.querySelector(".send").disabled) return text().focus();
  const kind = form.dataset.kind;
  const trouble = files.trouble() || (kind === "reply" ? addressing.trouble() : "");
  if (trouble) return say(trouble);
  const item = { id: uuid(), thread: current().id, kind, body, url: form.dataset[kind], seen: current().last, files: attached };
  if (kind === "reply") item.mail = addressing.take();
  remember(item);
  text().value = "";
  files.set([]);
  keep();
  grow();
  count();
  deliver(item, bubble(item));
  text().focus();
}

// Why it cannot be sent yet, where the characters left are told too.
function say(sentence) {
  const place = form.querySelector("[data-left]");
  place.textContent = sentence;
  place.classList.add("over");
}

async function deliver(item, entry) {
  const thread = current();
  entry.className = `entry ${item.kind === "note" ? "note" : "us"} pending`;
  entry.querySelector(".failure")?.remove();
  entry.querySelector("small").textContent = word("sending");
  try {
    const mail = item.mail ?? {};
    const attachments = (item.files ?? []).map(({ id }) => id).join(",");
    const state = await post(item.url, { ...mail, body: item.body, client_id: item.id, seen: item.seen, after: thread.last, attachments });
    forget(item);
    apply(state, thread);
    entry.remove();
  } catch (refusal) {
    if (refusal.code === "unseen_reply") await refresh();
    showFailed(entry, item, refusal.status ? refusal.message : word("not_sent"), refusal);
  }
}

// The optimistic bubble: exactly as the server's will be, with "sending …" for the time.
function bubble(item) {
  const entry = document.createElement("li");
  entry.className = `entry ${item.kind === "note" ? "note" : "us"} pending fresh`;
  entry.dataset.client = item.id;
  const box = entry.appendChild(document.createElement("div"));
  box.className = "bubble";
  if (item.kind === "note") add(box, "span", "who", word("note_by", { name: word("you") }));
  add(box, "div", "text", item.body).dir = "auto";
  for (const { name } of item.files ?? []) add(box, "div", "file-sent clip", name).dir = "auto";
  add(box, "small", "", word("sending"));
  current().entries.append(entry);
  toBottom();
  return entry;
}

function add(to, tag, className, content) {
  const node = to.appendChild(document.createElement(tag));
  node.className = className;
  node.textContent = content;
  return node;
}

function showFailed(entry, item, sentence, refusal = null) {
  entry.className = `entry ${item.kind === "note" ? "note" : "us"} failed`;
  entry.querySelector("small").textContent = "";
  const line = add(entry, "div", "failure", "");
  line.setAttribute("role", "alert");
  add(line, "span", "", sentence);
  const again = refusal?.code === "unseen_reply" ? "send_anyway" : "try_again";
  button(line, again, () => { item.seen = current().last; remember(item); deliver(item, entry); });
  button(line, "edit", () => edit(entry, item));
  if (current()?.entries.contains(entry)) toBottom();
}

function button(to, name, run) {
  const node = add(to, "button", "link", word(name));
  node.type = "button";
  node.addEventListener("click", run);
}

// Back into the composer, before what is written there now.
function edit(entry, item) {
  if (item.kind === "reply" && notesOnly()) return;
  forget(item);
  entry.remove();
  choose(item.kind);
  if (item.files?.length) files.set([...files.ready(), ...item.files]);
  if (item.mail) addressing.put(item.mail);
  text().value = [item.body, text().value].filter(Boolean).join("\n\n");
  keep();
  grow();
  count();
  text().focus();
}

/** A mail of ours that did not arrive: its text and recipients into the composer. */
export function writeAgain(entry) {
  const people = (name) => [...entry.querySelectorAll(`.mail-lines [data-people-of="${name}"] .mail-person`)].map((one) => one.dataset.written).join(", ");
  if (notesOnly()) return;
  choose("reply");
  text().value = [entry.querySelector(".text").innerText.trim(), text().value].filter(Boolean).join("\n\n");
  addressing.put({ to: people("to"), cc: people("cc"), bcc: people("bcc") });
  keep();
  grow();
  count();
  addressing.open();
}
