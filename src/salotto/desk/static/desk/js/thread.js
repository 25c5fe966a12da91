// The open thread: new entries once each, older ones on the way up, read when it is seen.
import { separate } from "./days.js";
import { fold } from "./fold.js";
import { watch } from "./frames.js";
import { get, post } from "./net.js";
import { live } from "./stream.js";
import { refreshTimes, word } from "./words.js";

const GROWS = "[data-unfold], .unfold, .mail-who > summary, [data-as-text], [data-as-html], [data-show-remote]";
const NEAR = 60, KEEP = 400, TYPING = 4000, READ_AFTER = 400, GROWING = 2000;
const me = Number(document.body.dataset.me);
const isAgent = document.body.dataset.role === "agent";

/** Events: "opened" when another thread stands on the stage, "state" (detail: what the server told
    of it), "gone" when there is no such conversation any more. */
export const stage = new EventTarget();

let thread = null; // {id, root, talk, entries, last, seen, tall, leave}

/** The open thread: `id`, `last` (the newest entry's id on the page), `root`; or null. */
export const current = () => thread;

/** Begin to follow the stream. */
export function start() {
  live.addEventListener("facts", ({ detail }) => detail.some((f) => f.conversation === thread?.id && f.data?.what !== "deleted") && refresh());
  live.addEventListener("facts", ({ detail }) => detail.forEach(filled));
  live.addEventListener("now", ({ detail }) => passing(detail));
  live.addEventListener("reset", () => thread && refresh());
  document.addEventListener("visibilitychange", readSoon);
  addEventListener("focus", readSoon);
  attach();
}

/** Another conversation, or none, was put on the stage. */
export function attach() {
  thread?.leave();
  const root = document.querySelector("[data-thread]");
  thread = root && opened(root);
  if (thread) dress(thread, [...thread.entries.children]);
  stage.dispatchEvent(new Event("opened"));
  if (thread) { toBegin(); readSoon(); }
}

// The newest entry is shown; where what is unread is taller than the window, its beginning.
function toBegin() {
  toBottom();
  thread.tall = thread.unread ? firstUnread(thread) : null;
  stayAbove(thread);
}

// The mails since we answered last, as many of them as are unread; of very many only the newest. A chat
// begins at its end.
function firstUnread({ root, entries, unread }) {
  const all = [...entries.children];
  const answered = all.findLastIndex((entry) => entry.matches(".us"));
  const fresh = all.slice(answered + 1).filter((entry) => entry.matches(".them.mail"));
  const whole = answered >= 0 || root.querySelector("[data-older-entries]").hidden;
  return fresh.at(-unread) ?? (whole ? fresh[0] : fresh.at(-1)) ?? null;
}

// A frame finds its height a while after it was put there; until somebody scrolls, its top stays.
function stayAbove(of) {
  if (!of.tall) return;
  const top = of.tall.getBoundingClientRect().top;
  if (of.entries.getBoundingClientRect().bottom - top <= of.talk.clientHeight) return;
  of.talk.scrollTop += top - of.talk.getBoundingClientRect().top - NEAR / 4;
  if (!isNewest(of, of.tall)) of.below.hidden = false;
}

const isNewest = ({ entries }, entry) => [...entries.querySelectorAll(":scope > .them")].at(-1) === entry;

// Times and days as this browser has them; long texts folded.
function dress(to, entries) {
  refreshTimes(to.root);
  separate(to.entries);
  fold(entries);
  watch(entries);
}

function opened(root) {
  const [talk, entries] = [root.querySelector("[data-talk]"), root.querySelector("[data-entries]")];
  const below = root.querySelector("[data-below]");
  const made = { id: Number(root.dataset.thread), root, talk, entries, below, last: 0, seen: Number(root.dataset.seen), unread: Number(root.dataset.unread), left: false };
  made.last = Math.max(0, ...[...entries.querySelectorAll("[data-id]")].map((e) => Number(e.dataset.id)));
  let bottom = true, grown = 0;
  talk.addEventListener("scroll", () => { bottom = atBottom(made) && Date.now() - grown > GROWING; if (bottom) below.hidden = true; readSoon(); }, { passive: true });
  below.addEventListener("click", () => { made.tall = null; toBottom(true); below.hidden = true; });
  // Whoever moves, or unfolds something to read it, stays where they are while it grows.
  for (const act of ["wheel", "touchmove", "pointerdown", "keydown"]) talk.addEventListener(act, () => { made.tall = null; }, { passive: true });
  talk.addEventListener("click", ({ target }) => { if (target.closest(GROWS)) { made.tall = null; bottom = false; grown = Date.now(); } }, true);
  const sizes = new ResizeObserver(() => { if (made.tall) { toBottom(); stayAbove(made); } else if (bottom) toBottom(); });
  sizes.observe(talk);
  sizes.observe(entries);
  const older = new IntersectionObserver((seen) => seen.some((s) => s.isIntersecting) && loadOlder(made), { root: talk, rootMargin: "400px 0px 0px" });
  older.observe(root.querySelector("[data-older-entries]"));
  made.leave = () => { made.left = true; sizes.disconnect(); older.disconnect(); };
  return made;
}

const atBottom = ({ talk }) => talk.scrollHeight - talk.scrollTop - talk.clientHeight < NEAR;

/** Go to the newest entry. */
export function toBottom(smooth = false) {
  thread.talk.scrollTo({ top: thread.talk.scrollHeight, behavior: smooth ? "smooth" : "instant" });
}

// One question at a time; a fact that comes meanwhile asks once more.
let asking = false, again = false;
export async function refresh() {
  if (asking) { again = true; return; }
  asking = true;
  const asked = thread;
  try {
    let more = true;
    while (more && thread === asked) {
      const state = await get(`${asked.root.dataset.messages}?after=${asked.last}`);
      apply(state, asked);
      more = state.more;
    }
  } catch (error) {
    if (error.status === 404 && thread === asked) stage.dispatchEvent(new Event("gone"));
    if (error.status === 0 || error.status >= 500) setTimeout(() => thread === asked && refresh(), 2500);
  } finally {
    asking = false;
    if (again || (thread && thread !== asked)) { again = false; if (thread) refresh(); }
  }
}

/** Show a thread's state as the server told it; harmless when told twice. */
export function apply(state, to = thread) {
  if (!to || to.left) return;
  const stick = atBottom(to);
  const fresh = insert(to, state.html);
  to.last = Math.max(to.last, state.last);
  to.unread = state.unread;
  if (state.seen >= to.seen) to.seen = state.seen;
  showSeen(to);
  showDeliveries(to, state.deliveries ?? []);
  showHead(to, state);
  stage.dispatchEvent(new CustomEvent("state", { detail: state }));
  if (stick) { trim(to); toBottom(); }
  else if (fresh.some((entry) => entry.matches(".them, .note, .us"))) to.below.hidden = false;
  announce(to, fresh);
  readSoon();
}

// An entry that is here already, by id or as our own optimistic one, is not shown twice.
function insert(to, html) {
  const box = document.createElement("template");
  box.innerHTML = html.trim();
  const shown = [], put = [];
  for (const item of [...box.content.children]) {
    // The separators of days are our own, see `dress`.
    if (item.matches(".day") || to.entries.querySelector(`[data-id="${item.dataset.id}"]`)) continue;
    const draft = to.entries.querySelector(`[data-client="${item.dataset.client}"]`);
    draft?.remove();
    if (!draft) { item.classList.add("fresh"); shown.push(item); }
    if (item.matches(".them, .us")) stopTyping(to);
    put.push(item);
    to.entries.insertBefore(item, to.entries.querySelector(":scope > .pending, :scope > .failed"));
  }
  if (put.length) to.tall = null;
  dress(to, put);
  return shown;
}

// The rest of a mail has come, of which only the headers were here: its entry is another one now.
async function filled({ conversation, data }) {
  const to = thread;
  const old = data?.what === "filled" && conversation === to?.id && to.entries.querySelector(`[data-id="${data.message}"]`);
  if (!old) return;
  const told = await get(`${to.root.dataset.messages}?after=${data.message - 1}`).catch(() => null);
  const box = document.createElement("template");
  box.innerHTML = told?.html.trim() ?? "";
  const fresh = box.content.querySelector(`[data-id="${data.message}"]`);
  if (!fresh || !old.isConnected) return;
  old.replaceWith(fresh);
  dress(to, [fresh]);
}

function showSeen(to) {
  to.entries.querySelectorAll(".seen").forEach((entry) => entry.classList.remove("seen"));
  const ours = [...to.entries.querySelectorAll(".us[data-id]")].at(-1);
  if (ours && Number(ours.dataset.id) <= to.seen) ours.classList.add("seen");
}

// Where our mails are on their way; one that somebody is about to click is left alone.
function showDeliveries(to, deliveries) {
  for (const { id, html } of deliveries) {
    const old = to.entries.querySelector(`[data-delivery="${id}"]`);
    const box = document.createElement("template");
    box.innerHTML = html.trim();
    const fresh = box.content.firstElementChild;
    if (!old) to.entries.querySelector(`[data-id="${id}"] .bubble`)?.append(fresh);
    else if (old.dataset.state !== fresh.dataset.state || old.textContent !== fresh.textContent) old.replaceWith(fresh);
  }
}

function showHead(to, state) {
  if (state.version < Number(to.root.dataset.version)) return;
  to.root.dataset.version = state.version;
  const head = to.root.querySelector("[data-head]");
  const focused = head.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  head.innerHTML = state.head;
  const back = head.querySelector("[data-back]");
  back.href = document.getElementById("desk").dataset.base;
  if (focused) head.querySelector(`[data-key="${focused}"]`)?.focus();
}

function announce(to, fresh) {
  const theirs = fresh.filter((entry) => entry.matches(".them")).at(-1);
  if (!theirs) return;
  const text = theirs.querySelector(".text").textContent.slice(0, 200);
  to.root.querySelector("[data-announce]").textContent = `${word("message_from", { name: to.root.dataset.title })}: ${text}`;
}

// At the bottom of a very long thread the far end is let go; it comes back on the way up.
function trim(to) {
  const all = to.entries.querySelectorAll(":scope > li");
  if (all.length <= KEEP) return;
  for (const item of [...all].slice(0, all.length - KEEP / 2)) item.remove();
  to.root.querySelector("[data-older-entries]").hidden = false;
}

async function loadOlder(to) {
  const more = to.root.querySelector("[data-older-entries]");
  const first = to.entries.querySelector("[data-id]");
  if (more.hidden || to.loading || !first) return;
  to.loading = true;
  try {
    const told = await get(`${to.root.dataset.messages}?before=${first.dataset.id}`);
    if (to.left) return;
    const height = to.talk.scrollHeight - to.talk.scrollTop;
    const box = document.createElement("template");
    box.innerHTML = told.html.trim();
    const older = [...box.content.children];
    to.entries.prepend(...older);
    dress(to, older);
    more.hidden = !told.more;
    to.talk.scrollTop = to.talk.scrollHeight - height;
  } catch { /* the next scroll asks again */ } finally {
    to.loading = false;
  }
}

function passing(fact) {
  if (!thread) return;
  if (fact.kind === "presence" && fact.visitor === thread.root.dataset.visitor) showHere(fact.here);
  if (fact.kind === "typing" && fact.conversation === thread.id && fact.user !== me) showTyping(fact);
}

function showHere(here) {
  const pane = document.getElementById("contact");
  pane.querySelector("[data-presence]").classList.toggle("here", here);
  pane.querySelector("[data-here-yes]").hidden = !here;
  pane.querySelector("[data-here-no]").hidden = here;
}

let typing = 0;
function showTyping(fact) {
  const stick = atBottom(thread);
  const line = thread.root.querySelector("[data-typing]");
  line.querySelector("[data-typing-name]").textContent = word("typing", { name: fact.name || thread.root.dataset.title });
  line.hidden = false;
  clearTimeout(typing);
  typing = setTimeout(stopTyping, TYPING, thread);
  if (stick) toBottom();
}

function stopTyping(to) {
  to.root.querySelector("[data-typing]").hidden = true;
}

/** This thread stays unread until it is opened again: somebody just said so. */
export function leaveUnread() {
  thread.stayUnread = true;
}

// Read is what an agent really sees: the page in front, the thread at its end or at the beginning
// of a tall mail that is the newest.
let reading = 0;
function readSoon() {
  clearTimeout(reading);
  if (!thread?.unread || !isAgent) return;
  reading = setTimeout(async (to) => {
    if (to.left || !to.unread || to.stayUnread || document.hidden || !document.hasFocus() || !(atBottom(to) || (to.tall && isNewest(to, to.tall))) || !to.root.checkVisibility()) return;
    to.unread = 0;
    await post(to.root.dataset.read, { after: to.last }).then((state) => apply(state, to)).catch(() => { to.unread = 1; });
  }, READ_AFTER, thread);
}
