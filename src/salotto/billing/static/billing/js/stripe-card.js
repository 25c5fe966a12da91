// Stripe's own element in our dialog, and the bank's question. Loaded only on pages whose
// account pays by Stripe; a card number is typed into Stripe's frame and never into our page.
const STRIPE = "https://js.stripe.com/v3/";

let loading = null;

/** Stripe's library, loaded once; rejects if it does not come. */
export function library() {
  loading ??= new Promise((resolve, reject) => {
    if (window.Stripe) return resolve(window.Stripe);
    const script = document.createElement("script");
    script.src = STRIPE;
    script.onload = () => (window.Stripe ? resolve(window.Stripe) : reject(new Error("Stripe is not there")));
    script.onerror = () => {
      loading = null; // the next try may succeed
      script.remove();
      reject(new Error("Stripe does not answer"));
    };
    document.head.append(script);
  });
  return loading;
}

/**
 * Put Stripe's element into a `form[data-stripe-card]` and let it be submitted.
 *
 * The form has `data-begin` (POST: client_secret, publishable_key, reference), `data-failed`
 * (a sentence), and in it `[data-element]`, `[data-loading]`, `[data-problem]`, a hidden
 * `reference` and a button. When Stripe has the card the form is sent with its reference.
 */
export async function mountCard(form) {
  if (form.dataset.mounted) return;
  form.dataset.mounted = "yes";
  try {
    const [Stripe, begun] = await Promise.all([library(), begin(form)]);
    const stripe = Stripe(begun.publishable_key, { locale: document.documentElement.lang || "auto" });
    const elements = stripe.elements({ clientSecret: begun.client_secret, appearance: appearance(form) });
    const element = elements.create("payment");
    element.on("ready", () => ready(form));
    element.mount(form.querySelector("[data-element]"));
    form.addEventListener("submit", (event) => {
      if (form.elements.reference.value) return; // on its way to our server
      event.preventDefault();
      confirm(form, stripe, elements);
    });
  } catch {
    delete form.dataset.mounted;
    form.querySelector("[data-loading]").hidden = true;
    problem(form, form.dataset.failed);
  }
}

async function begin(form) {
  const headers = { Accept: "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
  const answer = await fetch(form.dataset.begin, { method: "POST", headers, credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

function ready(form) {
  form.querySelector("[data-loading]").hidden = true;
  form.querySelector("button").disabled = false;
}

async function confirm(form, stripe, elements) {
  const button = form.querySelector("button");
  if (button.disabled) return;
  button.disabled = true;
  problem(form, "");
  const wanted = { elements, redirect: "if_required", confirmParams: { return_url: location.href } };
  const { error, setupIntent } = await inFront(form, () => stripe.confirmSetup(wanted));
  if (error) {
    button.disabled = false;
    return problem(form, error.message || form.dataset.failed);
  }
  form.elements.reference.value = setupIntent.id;
  form.submit();
}

function problem(form, text) {
  const box = form.querySelector("[data-problem]");
  box.textContent = text;
  box.hidden = !text;
}

// The element follows the page: its colours are our tokens', read where they are in force.
function appearance(form) {
  const style = getComputedStyle(document.body);
  const button = getComputedStyle(form.querySelector("button"));
  const ground = getComputedStyle(form.closest("dialog, .panel") ?? document.body);
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const theme = document.documentElement.dataset.theme || (dark ? "dark" : "light");
  return {
    theme: theme === "dark" ? "night" : "stripe",
    variables: {
      fontFamily: style.fontFamily,
      fontSizeBase: style.fontSize,
      colorText: style.color,
      colorPrimary: button.backgroundColor,
      colorBackground: ground.backgroundColor,
      borderRadius: button.borderRadius,
    },
  };
}

/**
 * Let the bank ask: 3-D Secure in Stripe's own frame. `data-client-client_secret` and
 * `data-client-publishable_key` are the challenge's. Resolves when the customer has answered,
 * however that went: what became of the payment, our server asks Stripe itself. Rejects if
 * nobody could be asked.
 */
export async function answerBank(bank) {
  const { clientClient_secret: clientSecret, clientPublishable_key: key } = bank.dataset;
  const Stripe = await library();
  const { error } = await inFront(bank, () => Stripe(key).handleNextAction({ clientSecret }));
  if (error?.type === "api_connection_error" || error?.type === "api_error") throw new Error(error.message);
}

// The bank's frame is laid over the page by Stripe, so a modal dialog would cover and lock it:
// ours is shown without being modal until the bank is done.
async function inFront(element, work) {
  const dialog = element.closest("dialog");
  if (!dialog?.matches(":modal")) return work();
  reopen(dialog, "show");
  try {
    return await work();
  } finally {
    if (dialog.open) reopen(dialog, "showModal");
  }
}

// Closing means leaving to everybody else who listens; this is none.
function reopen(dialog, how) {
  dialog.addEventListener("close", (event) => event.stopImmediatePropagation(), { once: true, capture: true });
  dialog.close();
  dialog[how]();
}

// Where they are on the page: the card form once it is seen, the question as soon as it comes.
const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    mountCard(target);
  }
});

/** Look for forms that are not prepared yet; called by itself after load and `deal:shown`. */
export function prepare(root = document) {
  for (const form of root.querySelectorAll("form[data-stripe-card]:not([data-mounted])")) seen.observe(form);
}

document.addEventListener("deal:shown", () => prepare());
document.addEventListener("salotto:challenge", async (event) => {
  if (event.target.dataset.asks !== "stripe") return;
  try {
    await answerBank(event.target);
  } catch {
    event.target.querySelector("form[data-plain]").hidden = false; // the way to try again
    return;
  }
  if (event.target.isConnected) event.detail.done(); // else the dialog was closed meanwhile
});
prepare();
// A payment on a page of its own: the form that asks what became of it.
for (const form of document.querySelectorAll('form[data-asks="stripe"]')) {
  answerBank(form).then(() => form.submit(), () => {});
}
