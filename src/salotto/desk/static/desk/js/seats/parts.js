// Fragments of the dialog: asked for, and put in place.

/** The element that holds the dialog's page: in the dialog, or alone on a page. */
export const place = () => document.querySelector("[data-deal]");

/** GET, or POST when `fields` is given; {status, html}. Status 0: no answer. */
export async function ask(url, fields = null, options = {}) {
  const headers = { "HX-Request": "true", Accept: "text/html" };
  if (fields) headers["X-CSRFToken"] = document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";
  try {
    const body = fields ? new URLSearchParams(fields) : undefined;
    const answer = await fetch(url, { method: fields ? "POST" : "GET", headers, body, credentials: "same-origin", ...options });
    return { status: answer.status, html: await answer.text() };
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return { status: 0, html: "" };
  }
}

/** Put what a fragment brings for elsewhere on the page in its place. */
export function spread(html) {
  for (const part of parse(html).querySelectorAll("[data-oob]")) document.getElementById(part.id)?.replaceWith(part);
}

/** Put a fragment into the dialog. */
export function show(html) {
  const made = parse(html);
  const here = place(), dialog = here.closest("dialog");
  if (dialog && !dialog.open) return location.reload(); // closed before the answer came
  here.replaceChildren(...made.childNodes);
  dialog?.scrollTo(0, 0);
  (here.querySelector("[autofocus]") ?? here.querySelector("h2"))?.focus();
  here.dispatchEvent(new CustomEvent("deal:shown", { bubbles: true }));
}

/** A fragment as nodes that are not on the page yet; a template takes noscript's content for real. */
export function parse(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  holder.content.querySelectorAll("noscript").forEach((part) => part.remove());
  return holder.content;
}

/** A sentence above the price: the server's refusal, or that it did not answer. */
export function alertWith(html, silence = "failed") {
  const box = place().querySelector("[data-alert]");
  if (!box) return;
  if (html) box.replaceChildren(...parse(html).childNodes);
  else box.replaceChildren(Object.assign(document.createElement("p"), { className: "notice danger", textContent: failed(silence) }));
  box.scrollIntoView({ block: "nearest" }); // on a phone the button that was pressed is far below
}

/** What to say when there is no answer. */
export const failed = (silence = "failed") => document.querySelector("[data-failed]").dataset[silence];
