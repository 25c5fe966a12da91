// Every page: menus that close by themselves, dialogs, "copy" buttons.
import "./toast.js";

const menus = () => document.querySelectorAll("details[data-menu][open]");

document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
  const open = event.target.closest("[data-dialog]");
  if (open) document.getElementById(open.dataset.dialog)?.showModal();
  const close = event.target.closest("[data-dialog-close]");
  if (close) close.closest("dialog").close();
  if (event.target instanceof HTMLDialogElement) event.target.close();
  const copy = event.target.closest("[data-copy]");
  if (copy) copyText(copy);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.stopImmediatePropagation();
  }
}, true);

async function copyText(button) {
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
  } catch { // without HTTPS there is no clipboard: the text is marked, to be copied by hand
    return getSelection().selectAllChildren(source);
  }
  button.dataset.words ??= button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => { button.textContent = button.dataset.words; }, 1600);
}
