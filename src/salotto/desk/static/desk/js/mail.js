// What can be done to the mails of a thread, and the dialogs that write new ones.
import { writeAgain } from "./composer.js";
import { fold } from "./fold.js";
import { Form } from "./mail-form.js";
import { ask, made, watch } from "./frames.js";
import { leaving } from "./list.js";
import { get, post } from "./net.js";
import { close, go } from "./nav.js";
import { live } from "./stream.js";
import { apply, current, refresh, stage } from "./thread.js";
import { toast } from "./toast.js";
import { word } from "./words.js";

export function start() {
  document.addEventListener("click", clicked);
  document.addEventListener("submit", acted);
  live.addEventListener("facts", ({ detail }) => detail.forEach(gone));
  stage.addEventListener("gone", leave);
}

const acts = {
  "[data-show-remote]": (button) => ask(frameOf(button), { images: true }),
  "[data-unfold]": unfold,
  "[data-as-text]": asText,
  "[data-as-html]": asHtml,
  "[data-copy-text]": copy,
  "[data-write-again]": (button) => writeAgain(button.closest("[data-id]")),
  "[data-mail-dialog]": (link) => openDialog(link.href),
};

function clicked(event) {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const short = event.target.closest("a[data-short]");
  if (short) { event.preventDefault(); return follow(short.href); }
  for (const [selector, run] of Object.entries(acts)) {
    const found = event.target.closest(selector);
    if (!found) continue;
    event.preventDefault();
    found.closest("details[data-menu]")?.removeAttribute("open");
    return run(found);
  }
}

// The short address leads to the view that the conversation stands in.
async function follow(address) {
  const answer = await fetch(address, { credentials: "same-origin" }).catch(() => null);
  if (answer?.ok) go(new URL(answer.url).pathname);
  else location.assign(address);
}

const frameOf = (node) => node.closest(".entry, .forwarded").querySelector("[data-frame] iframe");

async function unfold(button) {
  const entry = button.closest(".entry");
  const open = button.getAttribute("aria-expanded") === "true";
  const text = entry.querySelector(".text");
  if (text.hidden) ask(frameOf(button), { whole: !open });
  else if (open) text.innerHTML = text.short;
  else {
    text.short ??= text.innerHTML;
    text.whole ??= await get(button.href, { text: true }).catch((refusal) => { toast(refusal.message, { kind: "bad" }); return null; });
    if (text.whole === null) { text.whole = undefined; return; }
    text.innerHTML = text.whole;
    text.classList.remove("folded");
    entry.querySelector(".unfold")?.remove();
  }
  button.setAttribute("aria-expanded", String(!open));
  button.setAttribute("aria-label", word(open ? "show_folded" : "hide_folded"));
  button.title = word(open ? "show_folded" : "hide_folded");
}

function swap(button, entry, asText) {
  entry.querySelector(".text").hidden = !asText;
  entry.querySelector("[data-frame]").hidden = asText;
  entry.classList.toggle("rich", !asText);
  button.querySelector("[data-word-text]").hidden = asText;
  button.querySelector("[data-word-html]").hidden = !asText;
  if (asText) fold([entry]);
  else entry.querySelector(".unfold")?.remove();
}

function asText(button) {
  const entry = button.closest(".entry");
  swap(button, entry, entry.querySelector(".text").hidden);
}

function asHtml(button) {
  const entry = button.closest(".entry");
  if (!entry.querySelector("[data-frame]")) {
    const like = "allow-same-origin allow-popups allow-popups-to-escape-sandbox";
    entry.querySelector(".text").before(made(button.dataset.asHtml, entry.querySelector(".mail-who b").textContent, like));
    watch([entry]);
    return swap(button, entry, false);
  }
  swap(button, entry, entry.querySelector(".text").hidden);
}

async function copy(button) {
  await navigator.clipboard?.writeText(button.dataset.copyText).catch(() => {});
  toast(`${button.dataset.copied}: ${button.dataset.copyText}`, { kind: "good" });
}

// Tried again, or stopped; whoever comes too late is told, and sees what has become of it.
async function acted(event) {
  const form = event.target.closest("[data-delivery-act]");
  if (!form || !current()) return;
  event.preventDefault();
  const thread = current();
  try {
    apply(await post(event.submitter?.getAttribute("formaction") ?? form.action, { after: thread.last }), thread);
  } catch (refusal) {
    toast(refusal.message, { kind: "bad" });
    if (refusal.status === 409) refresh();
  }
}

/** Open the form at an address in the dialog. */
export async function openDialog(address) {
  const dialog = document.getElementById("mail-dialog");
  if (!dialog) return location.assign(address);
  let html;
  try {
    html = await get(address, { text: true });
  } catch (refusal) {
    return toast(refusal.message, { kind: "bad" });
  }
  const body = dialog.querySelector("[data-dialog-body]");
  body.innerHTML = html;
  dialog.querySelector("h2").textContent = word(address.includes("/forward/") ? "forward" : "new_message");
  dialog.showModal();
  watch([body]);
  const form = body.querySelector("[data-mail-form]");
  if (form) new Form(form, ({ url }) => { dialog.close(); toast(word("mail_sent"), { kind: "good" }); follow(new URL(url, location.href).href); }).focus();
}

// An open conversation that somebody deletes is left.
function gone({ kind, conversation, data }) {
  if (kind === "conversation.changed" && data.what === "deleted" && conversation === current()?.id) leave();
}

function leave() {
  leaving(current().id);
  close();
  toast(word("conversation_gone"));
}
