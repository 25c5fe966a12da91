// Mails in frames: as high as what is in them, and images of the web only when asked for.
import { word } from "./words.js";

const HIGHEST = 30000, MOST_LOOKS = 200, SMALLEST = 0.55;

/** Take care of the frames within these nodes. */
export function watch(nodes) {
  for (const frame of nodes.flatMap((one) => [...one.querySelectorAll("[data-frame] iframe:not([data-watched])")])) {
    frame.dataset.watched = "";
    frame.addEventListener("load", () => loaded(frame));
    if (isThere(frame)) loaded(frame);
  }
}

/** A frame for a mail that is shown as text. */
export function made(address, title, like) {
  const box = document.createElement("div");
  box.className = "mail-frame";
  box.dataset.frame = "";
  const bar = box.appendChild(document.createElement("p"));
  bar.className = "remote-bar";
  [bar.hidden, bar.dataset.remote] = [true, ""];
  const button = bar.appendChild(document.createElement("button"));
  [button.type, button.className, button.dataset.showRemote] = ["button", "link", ""];
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", like);
  frame.setAttribute("referrerpolicy", "no-referrer");
  [frame.title, frame.src] = [title, address];
  box.append(frame);
  return box;
}

const inside = (frame) => { try { return frame.contentDocument; } catch { return null; } };
const isThere = (frame) => inside(frame)?.readyState === "complete" && inside(frame).querySelector(".mail") !== null;

// The document runs no script of its own; its height is read from here.
function loaded(frame) {
  const page = inside(frame);
  const mail = page?.querySelector(".mail");
  if (!mail) return;
  let looks = 0, width = 0;
  const fit = () => {
    if (!frame.isConnected || inside(frame) !== page) return sizes.disconnect();
    looks += 1;
    if (looks > MOST_LOOKS) return sizes.disconnect(); // one that grows with its frame
    if (frame.clientWidth !== width) { width = frame.clientWidth; shrink(mail); }
    frame.style.height = `${Math.min(HIGHEST, Math.ceil(page.documentElement.offsetHeight))}px`;
  };
  const sizes = new ResizeObserver(() => requestAnimationFrame(fit));
  sizes.observe(page.documentElement);
  sizes.observe(frame.parentElement);
  for (const image of page.images) if (!image.complete) image.addEventListener?.("load", fit);
  fit();
  frame.classList.add("ready");
  offer(frame, Number(page.querySelector('meta[name="remote-images"]')?.content ?? 0));
}

// A mail made for a wider place is shown smaller, as phones do; a very wide one is scrolled.
function shrink(mail) {
  mail.style.zoom = 1;
  const factor = mail.clientWidth / mail.scrollWidth;
  mail.style.zoom = factor < 1 ? Math.max(SMALLEST, Math.floor(factor * 100) / 100) : 1;
}

function offer(frame, n) {
  const bar = frame.closest("[data-frame]").querySelector("[data-remote]");
  bar.hidden = !n;
  bar.querySelector("button").textContent = n === 1 ? word("remote_one") : word("remote_many", { n });
}

/** Load a frame again with other choices: `images`, `whole`. */
export function ask(frame, choices) {
  const address = new URL(frame.src);
  for (const [name, on] of Object.entries(choices)) if (on) address.searchParams.set(name, "1"); else address.searchParams.delete(name);
  frame.src = address.href;
}
