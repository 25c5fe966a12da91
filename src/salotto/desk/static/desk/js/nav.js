// Going from conversation to conversation and from view to view, with real addresses.
/* global htmx */
import * as list from "./list.js";
import { signInAgain } from "./net.js";
import * as thread from "./thread.js";
import { toast } from "./toast.js";
import { word } from "./words.js";

const desk = () => document.getElementById("desk");
const CONVERSATION = /\/inbox\/(\w+)\/(\d+)\/$/;
const VIEW = /\/inbox\/(?:(\w+)\/)?$/;

export function start() {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest("a[data-row], a[data-nav], a[data-back]");
    if (!link) return;
    event.preventDefault();
    if (link.matches("[data-back]")) close();
    else go(link.pathname);
  });
  document.addEventListener("click", toggleContact);
  document.addEventListener("htmx:before:history:restore", (event) => { event.preventDefault(); go(location.pathname, false); });
  document.addEventListener("htmx:before:response", checked);
  document.addEventListener("htmx:error", failed);
  document.addEventListener("htmx:after:swap", swapped);
}

/** Open an address of the inbox; the list stays when only the thread changes. */
export function go(path, push = true) {
  const conversation = CONVERSATION.exec(path);
  const view = conversation?.[1] ?? VIEW.exec(path)?.[1] ?? "all";
  if (!conversation && !VIEW.test(path)) return location.assign(path);
  const stays = view === desk().dataset.view;
  if (!conversation && stays) return close(push ? path : null);
  if (stays) expect(conversation[2]);
  const target = stays ? "#stage" : "#desk";
  const headers = { "HX-Target": `div${target}` }; // htmx would name the source
  htmx.ajax("GET", path, { source: "#desk", target, headers, swap: stays ? "innerHTML" : "outerHTML", push: push ? path : null });
}

// The chosen row and the empty stage in the same frame; the thread follows.
function expect(id) {
  desk().dataset.open = id;
  list.select(id);
  document.getElementById("stage").classList.add("loading");
}

/** Back to the list: nothing is open. */
export function close(path = desk().dataset.base) {
  const id = desk().dataset.open;
  delete desk().dataset.open;
  if (path && location.pathname !== path) history.pushState({ htmx: true }, "", path);
  if (thread.current()) {
    const empty = document.getElementById("no-conversation").content.cloneNode(true);
    for (const count of empty.querySelectorAll("[data-count]")) count.textContent = document.querySelector(`.views [data-count="${count.dataset.count}"]`)?.textContent;
    document.getElementById("stage").replaceChildren(empty);
    thread.attach();
  }
  list.select("");
  title();
  if (id) document.querySelector(`[data-rows] > [data-id="${id}"] .row`)?.focus({ preventScroll: true });
}

function swapped() {
  if (document.querySelector("[data-rows]") !== shownList) { shownList = document.querySelector("[data-rows]"); list.attach(); }
  document.getElementById("stage").classList.remove("loading");
  thread.attach();
  list.select(desk().dataset.open ?? "");
  title();
}

let shownList = document.querySelector("[data-rows]");
function title() {
  const inbox = `${desk().dataset.title} · Salotto`;
  const name = thread.current()?.root.dataset.title;
  document.title = name ? `${name} · ${inbox}` : inbox;
}

// The sign-in page must not land in the middle of the desk.
function checked(event) {
  const { raw } = event.detail.ctx.response;
  if (raw.status !== 401 && !raw.redirected) return;
  event.preventDefault();
  document.getElementById("stage").classList.remove("loading");
  signInAgain();
}

function failed(event) {
  if (event.detail.error?.name === "AbortError") return; // another one was opened meanwhile
  document.getElementById("stage")?.classList.remove("loading");
  toast(word("failed"), { kind: "bad" });
}

function toggleContact(event) {
  const pane = document.getElementById("contact");
  if (!pane) return;
  const button = event.target.closest("[data-contact-toggle]");
  if (button) pane.classList.toggle("open");
  else if (!pane.contains(event.target)) pane.classList.remove("open");
  const open = pane.classList.contains("open");
  document.querySelector(".contact-button")?.setAttribute("aria-expanded", open);
  if (button && open) pane.querySelector(".contact-close").focus();
}
