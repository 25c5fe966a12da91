// Complete, reopen, assign, mark unread: shown in the same frame, taken back when refused.
import { get, post } from "./net.js";
import { focus, leaving, neighbour, note } from "./list.js";
import { close, go } from "./nav.js";
import { live } from "./stream.js";
import { apply, current, leaveUnread } from "./thread.js";
import { toast } from "./toast.js";
import { word } from "./words.js";

const NO_ENTRIES = "9223372036854775807"; // asked for what comes after this id, the answer brings no entries

export function start() {
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-act]");
    if (!form || !current()) return;
    event.preventDefault();
    act(form.dataset.act, current().id);
  });
  const picker = document.getElementById("assign");
  if (picker) startPicker(picker);
  live.addEventListener("facts", peopleChanged);
}

const desk = () => document.getElementById("desk");
const head = () => current().root.querySelector("[data-head]");
const address = (name, id) => `${desk().dataset.acts.replace(/0\/$/, `${id}/`)}${name}/`;

const shows = {
  complete: () => turn("complete", "done", word("reopen")),
  reopen: () => turn("reopen", "open", word("complete")),
  unread: () => leaveUnread(),
};
const says = { complete: "completed", reopen: "reopened", unread: "unread" };
const opposite = { complete: "reopen", reopen: "complete" };

function turn(name, state, next) {
  head().querySelector(".head-acts").dataset.state = state;
  head().querySelector(".head-done").hidden = state !== "done";
  const part = head().querySelector(`[data-act="${name}"] .head-word`);
  if (part) part.textContent = next;
}

// What the list shows of it before the server has answered.
function showRow(name, id) {
  if (name === "unread") document.querySelector(`[data-rows] > [data-id="${id}"] .row`)?.classList.add("unread");
  else leaving(id, (desk().dataset.view === "done") === (name === "reopen"));
}

/** Do "complete", "reopen" or "unread" to a conversation, open or not. */
export async function act(name, id, quiet = false) {
  const thread = current()?.id === id ? current() : null;
  const [before, path] = [thread && head().innerHTML, thread && location.pathname];
  if (thread) shows[name]();
  showRow(name, id);
  try {
    const state = await post(address(name, id), { after: thread ? thread.last : NO_ENTRIES });
    if (thread) apply(state, thread);
  } catch (refusal) {
    return takeBack(id, thread, before, refusal);
  }
  note(id);
  if (!quiet) toast(word(says[name]), { kind: "good", act: undo(name, id, path) });
  if (name === "complete" && !quiet && thread && current() === thread) onward(id);
}

// Taking "complete" back leads back to the conversation, where it was left for the next one.
function undo(name, id, path) {
  if (!opposite[name]) return null;
  return { label: word("undo"), run: async () => {
    await act(opposite[name], id, true);
    if (path && current()?.id !== id) go(path);
  } };
}

// The next one in the list, or the empty stage when it was the last.
function onward(id) {
  const next = neighbour(id);
  if (!next) return close();
  go(next.firstElementChild.pathname);
  focus(next);
}

/** Do what a key says to a row of the list; the focus goes on when the row leaves. */
export function actOnRow(key, row) {
  if (document.body.dataset.role !== "agent") return;
  const id = Number(row.dataset.id);
  if (key === "u") return act("unread", id);
  const next = neighbour(id);
  act(desk().dataset.view === "done" ? "reopen" : "complete", id);
  if (next) focus(next);
}

function takeBack(id, thread, before, refusal) {
  if (thread && current() === thread) head().innerHTML = before;
  leaving(id, false);
  note(id);
  if (refusal.status !== 401) toast(refusal.message, { kind: "bad" });
}

function startPicker(picker) {
  const filter = picker.querySelector("[data-filter]");
  const agents = () => [...picker.querySelectorAll("[data-agent]")];
  const show = () => {
    const wanted = filter.value.trim().toLocaleLowerCase();
    for (const agent of agents()) agent.hidden = !agent.textContent.toLocaleLowerCase().includes(wanted);
    picker.querySelector("[data-none]").hidden = agents().some((agent) => !agent.hidden);
  };
  filter.addEventListener("input", show);
  picker.addEventListener("toggle", () => { if (picker.open) { filter.value = ""; show(); mark(agents()); filter.focus(); } });
  picker.addEventListener("keydown", (event) => step(event, filter, agents()));
  picker.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-agent]");
    if (chosen) { picker.close(); assign(chosen); }
  });
}

// Who is an agent changed: the list of colleagues too; and if it is us, the whole page, as
// when the account has become read-only, or is no more. What is being written is kept.
function peopleChanged({ detail }) {
  if (detail.some((fact) => fact.kind === "account.changed")) return location.reload();
  const told = detail.filter((fact) => fact.kind === "member.changed");
  if (told.some((fact) => String(fact.data.user) === document.body.dataset.me)) return location.reload();
  if (told.length) refreshPicker();
}

async function refreshPicker() {
  const page = await get(location.pathname, { text: true, headers: { "HX-Request": "false" } }).catch(() => null);
  const fresh = page && new DOMParser().parseFromString(page, "text/html").querySelector("[data-agents]");
  if (fresh) document.querySelector("[data-agents]")?.replaceWith(fresh);
}

function mark(agents) {
  const owner = head().querySelector(".head-acts").dataset.owner;
  for (const agent of agents) agent.querySelector(".check").hidden = agent.dataset.agent !== owner;
}

function step(event, filter, agents) {
  const shown = agents.filter((agent) => !agent.hidden);
  const at = shown.indexOf(document.activeElement);
  if (event.key === "ArrowDown") shown[Math.min(shown.length - 1, at + 1)]?.focus();
  else if (event.key === "ArrowUp") (shown[at - 1] ?? filter).focus();
  else if (event.key === "Enter" && event.target === filter) shown[0]?.click();
  else return;
  event.preventDefault();
}

async function assign(chosen) {
  const thread = current();
  const before = head().innerHTML;
  const isMe = chosen.dataset.agent === document.body.dataset.me;
  const name = head().querySelector(".owner-name");
  name.lastChild.textContent = ` ${isMe ? word("you") : chosen.dataset.name || word("nobody")}`;
  head().querySelector(".head-acts").dataset.owner = chosen.dataset.agent;
  try {
    apply(await post(thread.root.dataset.assign, { to: chosen.dataset.agent, after: thread.last }), thread);
  } catch (refusal) {
    takeBack(thread.id, thread, before, refusal);
  }
}
