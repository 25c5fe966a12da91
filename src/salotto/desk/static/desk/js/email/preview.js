// The previews of mails beside the forms that shape them: asked for as one types, each in a frame
// of its own. Every one comes into a fresh frame, so that nothing flickers and "back" stays "back".
const PAUSE = 350;
const boxes = [...document.querySelectorAll("[data-preview]")].map(preview);
let number = 0;

function preview(box) {
  const form = document.getElementById(box.dataset.preview);
  let kind = "html", timer = 0, mine = 0;

  function show() {
    clearTimeout(timer);
    const frame = document.createElement("iframe");
    const current = mine = ++number;
    frame.name = `preview-${current}`;
    frame.title = box.dataset.title;
    frame.setAttribute("sandbox", "");
    frame.className = "arriving";
    box.append(frame);
    frame.addEventListener("load", () => {
      if (current !== mine) return frame.remove();
      for (const old of box.querySelectorAll("iframe")) if (old !== frame) old.remove();
      frame.classList.remove("arriving");
    });
    send(form, box.dataset.address, kind, frame.name);
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(show, PAUSE);
  }

  form.addEventListener("input", soon);
  return { box, soon, show, as(name) { kind = name; show(); } };
}

function send(form, action, kind, target) {
  const copy = document.createElement("form");
  Object.assign(copy, { method: "post", action, target, hidden: true });
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

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-preview-as]");
  if (!button) return;
  event.preventDefault();
  for (const one of button.parentElement.children) one.setAttribute("aria-pressed", one === button);
  boxes.find(({ box }) => box.id === button.dataset.previewAs).as(button.value);
});

const picker = document.querySelector("[data-colour]");
if (picker) {
  const field = document.getElementById(picker.dataset.colour);
  picker.hidden = false;
  picker.addEventListener("input", () => { field.value = picker.value; boxes[0].soon(); });
  const wrong = document.querySelector("[data-colour-wrong]"), isColour = (text) => /^#[0-9a-f]{6}$/i.test(text.trim());
  const judge = () => { wrong.textContent = !field.value.trim() || isColour(field.value) ? "" : wrong.dataset.colourWrong; };
  let pause = 0;
  picker.addEventListener("input", judge);
  field.addEventListener("change", judge);
  field.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(judge, wrong.textContent ? 0 : 900);
    if (isColour(field.value)) picker.value = field.value.trim();
  });
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

for (const one of boxes) one.show();
