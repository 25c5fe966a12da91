// Opening and closing. Closing while the bank asks gives the payment up first.
import { ask, failed, place, show } from "./parts.js";
import { toast } from "../toast.js";

const dialog = document.getElementById("deal");

document.addEventListener("click", (event) => {
  const opens = event.target.closest("a[data-deal-open]");
  if (opens && plain(event) && (dialog || place())) {
    event.preventDefault();
    open(opens.href);
  }
  const closes = event.target.closest("[data-deal-close]");
  if (closes && dialog?.open) {
    event.preventDefault();
    dialog.close();
  }
});

const plain = (event) => !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);

/** Show the page at this address in the dialog. */
export async function open(url) {
  const { status, html } = await ask(url);
  if (status === 401) return location.assign(url); // the sign-in page leads back
  if (!html) return toast(failed(), { kind: "bad" });
  if (dialog && !dialog.open) dialog.showModal();
  show(html);
}

dialog?.addEventListener("close", async () => {
  const here = place();
  const bank = here.querySelector("[data-asks]");
  const over = here.querySelector(".done");
  if (bank) await ask(bank.dataset.giveUp, {});
  here.replaceChildren();
  if (!over) return;
  history.replaceState({ ...history.state, deal: "closed" }, "");
  location.reload(); // figures, buttons and the state of the payment
});

// After that, whoever works by keyboard is where the dialog was opened.
if (history.state?.deal) {
  history.replaceState({ ...history.state, deal: null }, "");
  document.querySelector("a[data-deal-open]")?.focus();
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-support]");
  if (!form || !dialog?.open) return;
  event.preventDefault();
  if (form.dataset.sent) return;
  form.dataset.sent = "yes";
  const { status, html } = await ask(form.action, new FormData(form));
  delete form.dataset.sent;
  if (status === 204) location.reload();
  else if (html) show(html);
  else toast(failed(), { kind: "bad" });
});
