// A payment on a page of its own goes on by itself: once the bank's question, which is shown
// inside the page, is answered, and every few seconds while the outcome is unknown. Without
// this script its button does the same. Stripe's question is its own script's.
const PAUSE = 5000;

const form = document.querySelector("form[data-after]");
if (form?.dataset.after === "time") setTimeout(() => form.submit(), PAUSE);
if (form?.dataset.after === "bank") {
  const frame = document.querySelector(".bank-frame");
  const seen = new MutationObserver(() => {
    const bank = frame.querySelector("[data-challenge]");
    if (!bank || bank.dataset.challenge === "open") return;
    seen.disconnect();
    form.submit();
  });
  seen.observe(frame, { childList: true, subtree: true });
}
