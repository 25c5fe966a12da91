// Complete, reopen, assign, mark unread: shown in the same frame, taken back when refused.
import { get, post } from "./net.js";
import { note } from "./list.js";
import { live } from "./stream.js";
import { apply, current, leaveUnread } from "./thread.js";
import { toast } from "./toast.js";
import { word } from "./words.js";

export function start() {
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-act]");
    if (!form || !current()) return;
    event.preventDefault();
    act(form.dataset.act, form.action);
  });
  const picker = document.getElementById("assign");
  if (picker) startPicker(picker);
  live.addEventListener("facts", peopleChanged);
}

const head = () => current().root.querySelector("[data-head]");

const shows = {
  complete: () => { head().querySelector(".head-acts").dataset.state = "done"; label("complete", word("reopen")); chip(word("completed")); },
  reopen: () => { head().querySelector(".head-acts").dataset.state = "open"; label("reopen", word("complete")); head().querySelector(".chip.olive")?.remove(); },
  unread: () => { document.querySelector(`[data-rows] > [data-id="${current().id}"] .row`)?.classList.add("unread"); leaveUnread(); },
};
const says = { complete: "completed", reopen: "reopened", unread: "unread" };
const opposite = { complete: "reopen", reopen: "complete" };

function label(name, text) {
  const part = head().querySelector(`[data-act="${name}"] button span`);
  if (part) part.textContent = text;
}

function chip(text) {
  const made = document.createElement("span");
  made.className = "chip olive";
  made.textContent = text;
  head().querySelector(".head-name").append(made);
}

/** Do "complete", "reopen" or "unread" to the open conversation. */
export async function act(name, url, quiet = false) {
  const thread = current();
  const before = head().innerHTML;
  shows[name]();
  try {
    apply(await post(url, { after: thread.last }), thread);
    const undo = opposite[name] && { label: word("undo"), run: () => act(opposite[name], url.replace(`/${name}/`, `/${opposite[name]}/`), true) };
    if (!quiet) toast(word(says[name]), { kind: "good", act: undo || null });
  } catch (refusal) {
    takeBack(thread, before, refusal);
  }
}

function takeBack(thread, before, refusal) {
  if (current() === thread) head().innerHTML = before;
  note(thread.id);
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

// Who is an agent changed: the list of colleagues too; and if it is us, the whole page.
function peopleChanged({ detail }) {
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
    takeBack(thread, before, refusal);
  }
}
