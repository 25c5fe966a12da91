// The preview of a mail beside the form that shapes it: asked for as one types, shown in a frame
// of its own. Each one comes into a fresh frame, so that nothing flickers and "back" stays "back".
const PAUSE = 350;
const box = document.querySelector("[data-preview]");
const form = document.getElementById(box.dataset.preview);
let kind = "html", timer = 0, number = 0;

function show() {
  const frame = document.createElement("iframe");
  frame.name = `preview-${++number}`;
  frame.title = box.dataset.title;
  frame.setAttribute("sandbox", "");
  frame.className = "arriving";
  box.append(frame);
  const mine = number;
  frame.addEventListener("load", () => {
    if (mine !== number) return frame.remove();
    for (const old of box.querySelectorAll("iframe")) if (old !== frame) old.remove();
    frame.classList.remove("arriving");
  });
  send(frame.name);
}

function send(target) {
  const copy = document.createElement("form");
  Object.assign(copy, { method: "post", action: box.dataset.address, target, hidden: true });
  const values = new FormData(form);
  values.set("as", kind);
  for (const [name, value] of values) {
    const field = document.createElement("textarea");
    field.name = name;
    field.value = value;
    copy.append(field);
  }
  document.body.append(copy);
  copy.submit();
  copy.remove();
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(show, PAUSE);
}

form.addEventListener("input", soon);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-preview-as]");
  if (!button) return;
  event.preventDefault();
  kind = button.value;
  for (const one of document.querySelectorAll("[data-preview-as]")) one.setAttribute("aria-pressed", one === button);
  show();
});

const picker = document.querySelector("[data-colour]");
if (picker) {
  const field = document.getElementById(picker.dataset.colour);
  picker.hidden = false;
  picker.addEventListener("input", () => { field.value = picker.value; soon(); });
  field.addEventListener("input", () => { if (/^#[0-9a-f]{6}$/i.test(field.value)) picker.value = field.value; });
}

// A file that is too large is refused before it travels.
const upload = document.querySelector("[data-logo-form]");
upload?.addEventListener("change", (event) => {
  const file = event.target.files?.[0];
  event.target.setCustomValidity(file && file.size > 200 * 1024 ? upload.dataset.tooLarge : "");
  event.target.reportValidity();
});
upload?.addEventListener("submit", (event) => {
  const removes = event.submitter?.value === "remove";
  if (!removes && !upload.querySelector("[type=file]").reportValidity()) event.preventDefault();
});

show();
