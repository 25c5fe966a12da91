/* The panel: loaded at the first open, or when idle for a visitor who already talks with us.
 *
 * Everything visible is drawn from three things: what /w/hello said, the conversation (the
 * server's log) and the outbox (what the log does not have yet).
 */

import { api } from "./api.js";
import { composer } from "./composer.js";
import { conversation } from "./conversation.js";
import { fill, make, reconcile, uuid } from "./dom.js";
import { outbox } from "./outbox.js";
import { record, storage } from "./storage.js";
import { stream } from "./sse.js";
import { styles } from "./styles.js";
import { lockedFor, tabs } from "./tabs.js";
import { faces, threadRows, whoHere } from "./thread.js";

const HIDDEN = 5 * 60_000; /* a page out of sight this long lets go of the stream */
const PHONE = matchMedia("(max-width: 480px)");

export const mount = ({ site, key, say, language, base, root, launch, dress, draw, show, count }) => {
  const local = storage("localStorage");
  const tab = storage("sessionStorage");
  const mine = record(local, key, {});
  const locked = lockedFor(key);
  const client = api({ base, site, language, mine, locked });

  let phase = "new", failure = "", greeting = null, words = null, rows = null, writing = null, locale;
  let isOpen = false, up = true, older = false, asleep = false, typed = 0, told = 0, asked = 0;
  const timers = {};
  const after = (name, ms, work) => {
    clearTimeout(timers[name]);
    timers[name] = setTimeout(work, ms);
  };

  dress(styles);

  /* The frame */
  const title = make("h2");
  const here = make("p");
  const team = make("div", { class: "team" });
  const close = make("button", { type: "button", class: "close", onclick: () => shut() });
  const head = make("div", { class: "head" }, team, title, here, close);
  const banner = make("p", { class: "banner", role: "status", hidden: true });
  const list = make("div", { class: "rows" });
  const thread = make("div", { class: "thread quiet", role: "log", "aria-live": "off", tabindex: 0 }, list);
  const newest = make("button", { type: "button", class: "newest", hidden: true, onclick: () => toBottom("smooth") });
  const typing = make("div", { class: "typing", "aria-hidden": "true" });
  const heard = make("div", { class: "sr", "aria-live": "polite" });
  const foot = make("div");
  const by = make("p", { class: "by" });
  const panel = make("div", { class: "panel", role: "dialog", "aria-label": say.open },
    head, banner, make("div", { class: "talk" }, thread, newest), typing, heard, foot, by);
  close.append(draw("M6 6l12 12M18 6 6 18"));
  close.setAttribute("aria-label", say.close);
  root.insertBefore(panel, launch);

  /* What is shown */
  const entries = () => {
    const known = talk.list();
    const there = new Set(known.map((message) => message.client_id));
    return known.concat(out.waiting().filter((item) => !there.has(item.id)).map((item) => ({ ...item, id: Infinity, client_id: item.id, from: "visitor" })));
  };
  const atBottom = () => thread.scrollHeight - thread.scrollTop - thread.clientHeight < 60;
  const toBottom = (behavior = "auto") => thread.scrollTo({ top: thread.scrollHeight, behavior });
  const bones = () => ["", " me", ""].map((kind, index) => ({ key: `bone${index}`, mark: "", node: () => make("div", { class: `bone${kind}` }) }));
  const notice = (name, ...parts) => [{ key: name, mark: failure, node: () => make("div", { class: "empty" }, launch.firstChild.cloneNode(true), ...parts) }];
  const content = () => {
    if (phase === "failed") return notice("failed", make("strong", {}, failure || say.failed), make("button", { type: "button", class: "primary", onclick: () => load() }, say.retry));
    if (phase !== "ready") return bones();
    const all = entries();
    const top = talk.more() ? [{ key: "more", mark: "", node: () => make("div", { class: "day" }, words.earlier) }] : [];
    return all.length ? top.concat(rows(all, talk.seen())) : notice("empty", make("strong", {}, words.empty), words.empty_more);
  };
  const unread = () => talk.list().filter((message) => message.from === "team" && message.id > (mine.read().seen || 0)).length;

  const paintBanner = () => {
    banner.hidden = phase !== "ready" || (navigator.onLine && up);
    if (!banner.hidden) banner.textContent = navigator.onLine ? words.reconnecting : words.offline;
  };
  const paintTyping = (name) => { /* nobody without one, somebody unknown with "" */
    typing.replaceChildren(...(name == null ? [] : [make("i"), make("i"), make("i"), name ? fill(words.typing, { name }) : words.someone_typing]));
  };
  const paintHead = () => {
    if (!greeting) return;
    writing.ask(greeting.ask);
    const talking = phase === "ready" && entries().length > 0;
    panel.classList.toggle("talking", talking);
    title.textContent = talking ? greeting.site.name : words.greeting;
    here.textContent = whoHere(greeting.team, words);
    team.replaceChildren(...(greeting.team.length ? [faces(greeting.team)] : []));
  };
  const paint = () => {
    const stick = atBottom();
    paintHead();
    paintBanner();
    reconcile(list, content());
    panel.setAttribute("aria-busy", phase === "loading");
    if (stick) toBottom();
    if (stick || !isOpen) newest.hidden = true;
    count(isOpen && !document.hidden ? 0 : unread());
  };

  /* What the visitor has in sight is seen; told at most once a second, and after an outage. */
  const tellSeen = () => {
    const { seen } = mine.read();
    if (seen && seen !== told && navigator.onLine) client.seen(seen).then(() => (told = seen), () => {});
  };
  const see = () => {
    const last = talk.last("team");
    if (!isOpen || document.hidden || !last || last <= (mine.read().seen || 0)) return;
    mine.write((old) => ({ ...old, seen: last }));
    after("seen", 1000, tellSeen);
    line.tell({ kind: "seen" });
    paint();
  };

  const arrived = (messages) => {
    const theirs = messages.filter((message) => message.from === "team");
    if (!theirs.length) return;
    paintTyping();
    newest.hidden = !isOpen || atBottom();
    if (isOpen) heard.replaceChildren(...theirs.map((message) => make("p", {}, `${message.name}: ${message.body || words.by_email}`)));
    see();
  };

  const talk = conversation({ client, onChange: () => paint(), onArrived: (messages) => arrived(messages) });
  const out = outbox({
    items: record(local, `${key}:out`, []),
    post: client.post,
    locked,
    onSent: (message) => {
      talk.add(message);
      line.tell({ kind: "sent", message });
    },
    onChange: () => paint(),
  });

  /* What the stream says: hints. The log is read for what they mean. */
  const facts = (events) => {
    const news = events.some(({ kind, data }) => kind !== "message.posted" || !talk.has(data?.message));
    if (news) sync();
  };
  const passing = (event) => {
    if (event.kind === "typing") {
      paintTyping(event.name || "");
      after("typing", 5000, paintTyping);
    }
  };
  const parsed = (text) => {
    try {
      return JSON.parse(text);
    } catch {
      return null; /* a frame without a body */
    }
  };
  const hear = (what) => {
    if (what.kind === "renewed" || what.kind === "reset") return refresh();
    if (phase !== "ready") return;
    if (what.kind === "facts") facts(what.events);
    else if (what.kind === "now") passing(what.event);
    else if (what.kind === "sync") sync().then(tellSeen);
    else if (what.kind === "seen") paint();
    else if (what.kind === "sent") {
      talk.add(what.message);
      paint();
    } else if (what.kind === "up") {
      clearTimeout(timers.down);
      if (what.up) up = true;
      else after("down", 3000, () => { up = false; paintBanner(); });
      paintBanner();
    }
  };
  const line = tabs({
    key,
    hear,
    lead: (emit) => stream({
      connect: (since, signal) => client.live(since, signal).catch((error) => {
        if (error.status >= 400 && error.status < 500 && !error.wait) error.wait = 30_000;
        throw error;
      }),
      onUp: (now) => {
        emit({ kind: "up", up: now });
        if (now) emit({ kind: "sync" });
      },
      onFrame: ({ event, data }) => {
        const body = parsed(data);
        if (event === "reset") emit({ kind: "reset" });
        else if (event === "now" && body) emit({ kind: "now", event: body });
        else if (event === "message" && Array.isArray(body)) emit({ kind: "facts", events: body });
      },
    }),
  });

  /* The stream is the green dot: held while the panel is open or there is something to wait for. */
  const attend = () => line.want(phase === "ready" && !asleep && (isOpen || Boolean(mine.read().talk)));
  const sync = async () => {
    if (mine.read().talk) await talk.sync().then(see, () => {});
  };

  /* Beginning */
  const begin = (answer) => {
    greeting = answer;
    asked = Date.now();
    told = 0;
    words = answer.words;
    mine.write((old) => ({ ...old, talk: Boolean(answer.conversation) || out.waiting().length > 0 }));
    talk.reset(answer.conversation);
    phase = "ready";
    root.lang = answer.language;
    root.dir = /^(ar|fa|he|ur)/.test(answer.language) ? "rtl" : "ltr";
    locale = navigator.languages.find((tag) => tag.startsWith(answer.language)) || answer.language; /* their own clock */
    rows = threadRows({ language: locale, words, actions });
    panel.setAttribute("aria-label", fill(words.title, { site: answer.site.name }));
    thread.setAttribute("aria-label", words.messages);
    newest.textContent = words.newest;
    by.textContent = words.by;
    if (!writing) compose();
    paint();
    toBottom();
    after("calm", 300, () => thread.classList.remove("quiet"));
    attend();
    see();
    out.flush();
  };
  const load = async () => {
    if (phase === "loading") return;
    phase = "loading";
    paint();
    try {
      begin(await client.hello());
    } catch (error) {
      failure = error.message;
      phase = "failed";
      paint();
    }
    if (isOpen) focus();
  };
  const look = async () => {
    asked = Date.now();
    const answer = await client.hello().catch(() => greeting);
    if (answer.leave !== greeting.leave) return begin(answer);
    greeting.team = answer.team;
    paintHead();
  };
  const refresh = () => client.hello().then(begin, () => {});
  client.onRenewed = (answer) => {
    begin(answer);
    line.tell({ kind: "renewed" });
  };

  /* Writing */
  const actions = {
    retry: (entry) => out.retry(entry.client_id),
    discard: (entry) => out.drop(entry.client_id),
    edit: (entry) => {
      out.drop(entry.client_id);
      writing.put(entry.body);
      writing.focus();
    },
  };
  const send = (body, email) => {
    mine.write((old) => ({ ...old, talk: true }));
    out.add({ id: uuid(), body, email, page: location.href.slice(0, 2000), title: document.title.slice(0, 200), at: new Date().toISOString() });
    attend();
    toBottom();
  };
  const tellTyping = () => {
    if (!talk.last("visitor") || !navigator.onLine || Date.now() - typed < 3000) return;
    typed = Date.now();
    client.typing().catch(() => {});
  };
  const compose = () => {
    const kept = `${key}:draft`;
    const draft = { get: () => local.get(kept), set: (text) => (text ? local.set(kept, text) : local.remove(kept)) };
    writing = composer({ words, language: locale, draw, draft, onSend: send, onTyping: tellTyping, onEmail: client.email });
    foot.replaceWith(writing.node);
    writing.refresh();
  };

  /* Earlier messages, without moving what is being read */
  thread.addEventListener("scroll", async () => {
    if (atBottom()) newest.hidden = true;
    if (older || thread.scrollTop > 200 || phase !== "ready" || !talk.more()) return;
    older = true;
    thread.classList.add("quiet");
    const fromEnd = () => thread.scrollHeight - thread.scrollTop;
    try {
      if (await talk.older()) {
        const rest = fromEnd();
        reconcile(list, content());
        thread.scrollTop = thread.scrollHeight - rest;
      }
    } catch {
      await new Promise((go) => setTimeout(go, 2000)); /* the next scroll tries again */
    }
    after("calm", 300, () => thread.classList.remove("quiet"));
    older = false;
  }, { passive: true });

  /* Opening and closing */
  const focus = () => (writing && phase === "ready" ? writing.focus() : close.focus());
  const open = ({ quiet } = {}) => {
    isOpen = true;
    tab.set(`${key}:open`, "1");
    panel.classList.add("on");
    panel.setAttribute("aria-modal", PHONE.matches);
    show(true);
    writing?.refresh();
    if (phase === "new" || phase === "failed") load();
    else if (phase === "ready" && Date.now() - asked > 60_000) look();
    attend();
    paint();
    toBottom();
    see();
    if (!quiet) focus();
  };
  const shut = () => {
    isOpen = false;
    tab.remove(`${key}:open`);
    panel.classList.remove("on");
    show(false);
    attend();
    paint();
    launch.focus({ preventScroll: true });
  };
  const trap = (event) => {
    const stops = [...panel.querySelectorAll("button:enabled, input, textarea, a, .thread")].filter((node) => node.offsetWidth && node.tabIndex >= 0);
    const [first, last] = [stops[0], stops[stops.length - 1]];
    const at = root.getRootNode().activeElement;
    if (at !== (event.shiftKey ? first : last)) return;
    event.preventDefault();
    (event.shiftKey ? last : first).focus();
  };
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isOpen) shut();
    else if (event.key === "Tab" && isOpen && PHONE.matches) trap(event);
    event.stopPropagation(); /* the page's own shortcuts must not answer to a visitor's typing */
  });

  /* A phone's keyboard covers the page: the panel keeps to what is left of it. */
  const view = window.visualViewport;
  view?.addEventListener("resize", () => {
    panel.classList.toggle("keyboard", innerHeight - view.height > 120);
    panel.style.setProperty("--top", `${view.offsetTop}px`);
    panel.style.setProperty("--high", `${view.height}px`);
    if (isOpen) toBottom();
  });

  /* The world outside */
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timers.hidden);
    if (document.hidden) {
      after("hidden", HIDDEN, () => { asleep = true; attend(); });
      return;
    }
    asleep = false;
    attend();
    if (phase === "ready") {
      sync();
      see();
      paint();
    }
  });
  addEventListener("offline", paintBanner);
  addEventListener("online", () => {
    paintBanner();
    if (phase === "failed") load();
  });
  addEventListener("storage", ({ key: name }) => {
    if (name === `${key}:out` && phase === "ready") paint();
  });

  if (mine.read().talk) load();
  return { open, close: shut };
};
