// Short messages at the foot of the page. Texts come from the caller, who has them from the page.

const LIFE = 6000;

/** Show a sentence; `act` is {label, href} or {label, run}. Returns a function that takes it away. */
export function toast(text, { kind = "", act = null, stay = false } = {}) {
  const box = document.getElementById("toasts");
  const item = document.createElement("div");
  item.className = `toast ${kind}`;
  const words = document.createElement("span");
  words.textContent = text;
  item.append(words);
  if (act) item.append(action(act, item));
  item.append(closer(box.dataset.close));
  box.append(item);
  while (box.children.length > 3) box.firstElementChild.remove();
  if (!stay) expire(item);
  return () => item.remove();
}

function action({ label, href, run }, item) {
  const node = document.createElement(href ? "a" : "button");
  node.className = "act";
  node.textContent = label;
  if (href) node.href = href;
  else node.addEventListener("click", () => { item.remove(); run(); });
  return node;
}

function closer(label) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.toastClose = "";
  button.setAttribute("aria-label", label);
  button.textContent = "×";
  return button;
}

// A toast under the pointer or with the focus in it does not go away.
function expire(item) {
  setTimeout(() => (item.matches(":hover, :focus-within") ? expire(item) : item.remove()), LIFE);
}

document.addEventListener("click", (event) => {
  event.target.closest("[data-toast-close]")?.closest(".toast").remove();
});
for (const item of document.querySelectorAll("#toasts .toast:not(.bad)")) expire(item);
