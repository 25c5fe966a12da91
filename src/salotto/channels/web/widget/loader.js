/* The launcher: all that a page loads before its visitor opens the chat.
 *
 * Served minified as /widget.js, with the panel's address and a few words put in place of
 * the placeholder below. It requests nothing by itself, except for a visitor who already
 * talks with us: then the panel is fetched when the page is idle, for the unread badge.
 */
(() => {
  const { panel, words } = SALOTTO_CONFIG;
  const script = document.currentScript;
  const site = script && script.dataset.site;
  const before = window.salotto;
  if (!site || (before && before.ready)) return;

  const language = [script.dataset.language, document.documentElement.lang, ...navigator.languages]
    .filter(Boolean)
    .find((tag) => words[tag.slice(0, 2).toLowerCase()]) || "en";
  const say = words[language.slice(0, 2).toLowerCase()];
  const left = script.dataset.position === "left";
  const key = "salotto:" + site;

  const css = `
:host { all: initial !important; position: fixed !important; inset: auto 0 0 auto !important; z-index: 2147483000 !important; display: block !important; }
* { box-sizing: border-box; }
.root { --accent: #b4492a; --on-accent: #fff; --raised: #fff; --ink: #221e1a; --wine: #9b2335; --shadow: 0 1px 2px #28190a14, 0 12px 36px #28190a2e; --ease: cubic-bezier(.2, .7, .3, 1); color-scheme: light; font: 15px/1.5 Inter, system-ui, sans-serif; color: var(--ink); }
@media (prefers-color-scheme: dark) { .root { --accent: #e07a55; --on-accent: #1b110c; --raised: #211d1a; --ink: #f3ede4; --wine: #e58592; color-scheme: dark; } }
svg { fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; width: 22px; height: 22px; }
button { display: grid; place-items: center; padding: 0; border: 1px solid transparent; background: none; color: inherit; font: inherit; cursor: pointer; touch-action: manipulation; -webkit-tap-highlight-color: transparent; }
.launch { position: fixed; right: calc(24px + env(safe-area-inset-right)); bottom: calc(24px + env(safe-area-inset-bottom)); width: 60px; height: 60px; border-radius: 21px 21px 7px 21px; background: var(--accent); color: var(--on-accent); box-shadow: var(--shadow); transition: transform 150ms var(--ease), filter 150ms; }
.left .launch { right: auto; left: calc(24px + env(safe-area-inset-left)); border-radius: 21px 21px 21px 7px; }
button:hover { filter: brightness(.94); }
.launch:hover { transform: translateY(-2px); }
.launch:active { transform: scale(.95); }
.launch:focus-visible { outline: 3px solid var(--ink); outline-offset: 3px; }
.launch svg { grid-area: 1 / 1; width: 28px; height: 28px; transition: opacity 150ms, transform 150ms var(--ease); }
.launch svg + svg, .open .launch svg { opacity: 0; transform: rotate(-40deg) scale(.7); }
.open .launch svg + svg { opacity: 1; transform: none; }
.busy .launch svg { animation: breathe 1s infinite alternate; }
.badge { position: absolute; top: -5px; right: -5px; min-width: 22px; height: 22px; padding: 0 6px; border-radius: 11px; background: var(--wine); color: var(--raised); font: 600 12px/22px system-ui, sans-serif; text-align: center; }
.tip { position: fixed; right: 24px; bottom: 96px; max-width: 260px; padding: 10px 14px; border-radius: 14px; background: var(--raised); box-shadow: var(--shadow); font-size: 14px; }
.left .tip { right: auto; left: 24px; }
[hidden] { display: none !important; }
@keyframes breathe { to { opacity: .35; } }
@media (prefers-reduced-motion: reduce) { .root, .root * { transition: none !important; animation: none !important; } }`;

  const host = document.createElement("div");
  const shadow = host.attachShadow({ mode: "open" });
  const dress = (text) => {
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(text);
      shadow.adoptedStyleSheets = [...shadow.adoptedStyleSheets, sheet];
    } catch {
      const style = document.createElement("style"); /* browsers before 2023 */
      style.textContent = text;
      shadow.prepend(style);
    }
  };
  const element = (parent, tag, name) => {
    const made = document.createElement(tag);
    made.className = name;
    parent.append(made);
    return made;
  };
  const draw = (path) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const line = document.createElementNS(svg.namespaceURI, "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
  };
  const recall = (storage, name) => {
    try {
      return window[storage].getItem(name);
    } catch {
      return null; /* storage is blocked */
    }
  };

  dress(css);
  const root = element(shadow, "div", "root" + (left ? " left" : ""));
  root.dir = "ltr";
  const launch = element(root, "button", "launch");
  launch.type = "button";
  launch.append(draw("M4 12a8 7.5 0 1 1 3.6 6.3L4 19.5l1.1-3.4A7 7 0 0 1 4 12M9 12h.01M12 12h.01M15 12h.01"), draw("m6 9 6 6 6-6"));
  const badge = element(launch, "span", "badge");
  const tip = element(root, "div", "tip");
  badge.hidden = tip.hidden = true;
  tip.role = "status";

  let unread = 0, opened = false, chat, loading, tries = 0;
  const label = () => launch.setAttribute("aria-label", (opened ? say.close : say.open) + (unread ? ` (${unread})` : ""));
  const show = (open) => {
    opened = open;
    root.classList.toggle("open", open);
    launch.setAttribute("aria-expanded", open);
    label();
  };
  const count = (number) => {
    unread = number;
    badge.hidden = !number;
    badge.textContent = number > 99 ? "99+" : number;
    label();
  };
  const load = () => loading ||= import(new URL(panel, script.src) + (tries ? "?" + tries : ""))
    .then((code) => chat = code.mount({ site, key, say, language, base: new URL("/w/", script.src).href, root, launch, dress, draw, show, count }))
    .catch((error) => {
      loading = null;
      tries++; /* a browser may remember a failed module by its address */
      throw error;
    });
  const act = async (command, options) => {
    tip.hidden = true;
    if (!chat && command === "close") return;
    root.classList.add("busy");
    try {
      await load();
      if (command === "open" || !opened) chat.open(options);
      else chat.close();
    } catch {
      tip.hidden = false;
      tip.textContent = say.failed;
    }
    root.classList.remove("busy");
  };

  show(false);
  launch.onclick = () => act("toggle");
  window.salotto = (command) => {
    if (["open", "close", "toggle"].includes(command)) {
      if (command !== "close" || opened) act(command);
    }
  };
  window.salotto.ready = true;
  document.documentElement.append(host);
  for (const [command] of (before && before.q) || []) window.salotto(command);

  const idle = window.requestIdleCallback || ((call) => setTimeout(call, 300));
  if (recall("sessionStorage", key + ":open") && innerWidth > 480) idle(() => act("open", { quiet: true }));
  else if ((recall("localStorage", key) || "").includes('"talk":true')) idle(() => load().catch(() => {}));
})();
