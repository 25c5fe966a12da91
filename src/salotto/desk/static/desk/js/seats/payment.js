// Paying: once per click, a refusal beside the price, the bank's question in the dialog, and
// asking on when the outcome did not reach us.
import { alertWith, ask, failed, parse, place, show, spread } from "./parts.js";
import { expire } from "./price.js";
import { open } from "./dialog.js";
import { toast } from "../toast.js";

const SOON = 1000, LATEST = 15000;

document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-buy]")) {
    if (event.submitter?.formMethod === "get") return;
    event.preventDefault();
    if (event.submitter?.matches("[data-use-card]")) useCard(event.target, event.submitter);
    else pay(event.target);
  }
  if (event.target.matches("form[data-poll]")) {
    event.preventDefault();
    look(event.target);
  }
  if (event.target.matches("[data-deal] form[data-leave]")) {
    event.preventDefault();
    go(event.target.action);
  }
});

async function pay(form) {
  const button = form.querySelector("[data-pay]");
  if (!button || button.hidden || button.disabled || button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  const { status, html } = await ask(form.action, new FormData(form));
  button.removeAttribute("aria-busy");
  if (status && status < 300) return show(html);
  alertWith(status ? html : "", "unknown"); // the same offer again finds out, and is one purchase
  if (form.querySelector("[data-renews]")) expire();
}

// A card is added first; then the dialog goes on with a price that is charged to it.
async function useCard(form, button) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  const { status, html } = await ask(button.formAction, new FormData(form));
  button.removeAttribute("aria-busy");
  if (status && status < 300) return show(html);
  alertWith(status ? html : "");
}

document.addEventListener("deal:shown", () => {
  goOn();
  const paid = place().querySelector("[data-figures]");
  if (paid) renewPage(paid.dataset.figures);
});

// Alone on its page, where a form was sent without this script: by then Stripe's has run too.
document.addEventListener("DOMContentLoaded", () => place() && goOn());

function goOn() {
  const bank = place().querySelector("[data-asks]");
  if (bank) embed(bank);
  const poll = place().querySelector("form[data-poll]");
  if (poll) wait(poll, SOON);
}

// What the purchase has changed comes by itself, so that paying waits for nothing else.
async function renewPage(address) {
  const { status, html } = await ask(address);
  if (status === 200) spread(html);
}

async function go(url) {
  const { status, html } = await ask(url, {});
  if (status && status < 300) return show(html);
  if (!status) return toast(failed(), { kind: "bad" });
  await again(html);
}

// A decline after the bank's question: the same offer once more, with the reason above it.
async function again(html) {
  const same = parse(html).querySelector("[data-offer]")?.dataset.offer;
  await open(same ?? document.querySelector("a[data-deal-open]")?.href ?? location.href);
  alertWith(html);
}

// The bank's question: the sandbox's is a fragment of ours, Stripe's its own script's.
async function embed(bank) {
  bank.querySelector("form[data-plain]").hidden = true;
  if (bank.dataset.asks !== "sandbox") return foreign(bank);
  const { html } = await ask(bank.dataset.address);
  if (html) seat(bank, parse(html));
}

function seat(bank, made) {
  const section = made.querySelector(".bank");
  if (!section) return;
  bank.querySelector("[data-bank]").replaceChildren(section);
  section.querySelector("button")?.focus();
  const form = section.querySelector("form");
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = new FormData(form, event.submitter);
    const { html } = await ask(form.action, fields);
    if (html) seat(bank, parse(html));
    await go(bank.dataset.continue);
  });
}

async function foreign(bank) {
  bank.dispatchEvent(new CustomEvent("salotto:challenge", { bubbles: true, detail: { done: () => go(bank.dataset.continue) } }));
}

// Nobody knows yet: ask again, each time a little later.
function wait(form, after) {
  setTimeout(async () => {
    if (!form.isConnected) return;
    await look(form);
    if (form.isConnected) wait(form, Math.min(after * 1.6, LATEST));
  }, after);
}

async function look(form) {
  const { status, html } = await ask(form.action, {});
  if (!form.isConnected || status === 0) return;
  if (status === 202 && parse(html).querySelector("form[data-poll]")) return; // still unknown
  if (status < 300) return show(html);
  await again(html);
}
