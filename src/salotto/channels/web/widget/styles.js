/* The panel's looks. It shares the launcher's shadow root and its tokens. */

export const styles = `
.root { --sunken: #f3ede4; --quiet: #6f675e; --line: #e7e0d6; --note: #fbf0d3; --roof: 0px; }
@media (prefers-color-scheme: dark) { .root { --sunken: #2c2622; --quiet: #a79d91; --line: #352f2a; --note: #3a2f17; } }
.panel { position: fixed; inset: auto calc(24px + env(safe-area-inset-right)) calc(98px + env(safe-area-inset-bottom)) auto; width: 380px; height: min(620px, calc(100dvh - 122px)); display: flex; flex-direction: column; overflow: hidden; border-radius: 20px; border: 1px solid transparent; background: var(--raised) padding-box; box-shadow: var(--shadow); transition: opacity 160ms var(--ease), transform 160ms var(--ease), visibility 0s; }
.left .panel { right: auto; left: calc(24px + env(safe-area-inset-left)); }
.panel:not(.on) { opacity: 0; transform: translateY(10px); visibility: hidden; transition-delay: 0s, 0s, 160ms; pointer-events: none; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }

.head { position: relative; flex: none; padding: calc(22px + var(--roof)) 22px 20px; background: var(--accent); color: var(--on-accent); display: grid; gap: 0 12px; align-items: center; }
h2, .head p { margin: 0; min-height: 20px; overflow-wrap: anywhere; }
h2 { font-size: 21px; line-height: 1.25; font-weight: 650; margin: 12px 0 3px; padding-inline-end: 36px; }
.head p { font-size: 14px; }
.head button:focus-visible { outline-color: var(--on-accent); outline-offset: -4px; }
.team { min-height: 38px; }
.faces { display: flex; }
.face { position: relative; width: 38px; height: 38px; margin-inline-end: -8px; border: 2px solid var(--accent); border-radius: 50%; display: grid; place-items: center; font-size: 13px; font-weight: 600; color: #2a211b; background: hsl(var(--hue) 45% 83%); }
.face.here::after { content: ""; position: absolute; inset: auto -1px -1px auto; width: 10px; height: 10px; border-radius: 50%; border: 2px solid var(--accent); background: #a4d05a; box-sizing: content-box; }
.talking .head { grid-template-columns: auto 1fr; padding-block: calc(14px + var(--roof)) 14px; }
.talking .team { grid-row: span 2; padding-inline-end: 8px; }
.talking .face:nth-child(n + 4) { display: none; }
.talking h2 { font-size: 16px; margin: 0; }
.talking .head p { padding-inline-end: 36px; }
.close { position: absolute; inset-inline-end: 10px; top: calc(10px + var(--roof)); width: 44px; height: 44px; border-radius: 12px; }
.close:hover { background: #ffffff24; }

.banner { flex: none; margin: 0; padding: 7px 22px; background: var(--note); font-size: 13px; }
.talk { flex: 1; min-height: 0; position: relative; display: flex; }
.thread { flex: 1; overflow: hidden auto; overscroll-behavior: contain; padding: 18px 18px 6px; scrollbar-width: thin; overflow-anchor: none; }
.thread:focus-visible { outline-offset: -3px; }
.rows { display: flex; flex-direction: column; align-items: flex-start; min-height: 100%; justify-content: flex-end; }
.b { max-width: 82%; margin-top: 3px; padding: 9px 14px; border-radius: 16px; background: var(--sunken); white-space: pre-wrap; overflow-wrap: anywhere; animation: rise 160ms var(--ease); }
.quiet .b, .b.still { animation: none; }
.b.top { margin-top: 12px; }
.me { align-self: flex-end; }
.b.me { background: var(--accent); color: var(--on-accent); }
.b.me.end { border-end-end-radius: 5px; }
.b.them.end { border-end-start-radius: 5px; }
.b.sending, .b.waiting { opacity: .62; }
.b.refused { background: var(--raised); color: var(--ink); box-shadow: inset 0 0 0 1.5px var(--wine); }
.b a { color: inherit; text-underline-offset: 2px; }
.meta { margin: 3px 4px 0; font-size: 12px; color: var(--quiet); }
.meta.bad { color: var(--wine); text-align: end; max-width: 90%; font-size: 13px; }
.text { min-height: 44px; margin-block: -10px; padding: 0 8px; color: var(--ink); font-weight: 600; text-decoration: underline; text-underline-offset: 3px; }
.day { align-self: center; margin: 16px 0 4px; font-size: 12px; color: var(--quiet); }
.day:first-child { margin-top: 0; }
.day::first-letter { text-transform: uppercase; }
.empty { margin: auto; padding: 8px 24px 32px; text-align: center; color: var(--quiet); }
.empty strong { display: block; color: var(--ink); font-size: 17px; font-weight: 600; margin-top: 10px; }
.empty svg { width: 44px; height: 44px; color: var(--accent); stroke-width: 1.3; }
.empty .primary { margin-top: 16px; }
.primary { min-height: 44px; padding: 0 20px; border-radius: 12px; background: var(--accent); color: var(--on-accent); font-weight: 600; }
.bone { width: 62%; height: 40px; margin-top: 10px; border-radius: 16px; background: var(--sunken); animation: breathe 900ms infinite alternate; }
.bone.me { width: 46%; }
.typing { display: flex; gap: 4px; align-items: center; margin: 0 18px; min-height: 24px; font-size: 12px; color: var(--quiet); }
.typing i { width: 6px; height: 6px; border-radius: 50%; background: currentColor; animation: breathe 500ms infinite alternate; }
.typing i:nth-child(2) { animation-delay: 160ms; }
.newest { position: absolute; bottom: 8px; inset-inline: 0; margin: auto; width: max-content; min-height: 44px; padding: 0 18px; border-radius: 22px; background: var(--raised); color: var(--ink); box-shadow: var(--shadow); font-size: 14px; font-weight: 600; }

.write { position: relative; flex: none; padding: 0 12px 4px; }
.field { margin-top: 4px; display: flex; align-items: flex-end; border: 1px solid var(--line); border-radius: 16px; background: var(--raised); transition: border-color 150ms, box-shadow 150ms; }
.field:focus-within { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
textarea:focus-visible, input:focus-visible { outline: 0; }
textarea, input { flex: 1; min-width: 0; border: 0; margin: 0; font: inherit; color: inherit; padding: 11px 0; padding-inline-start: 14px; background: none; resize: none; font-size: 16px; line-height: 22px; }
::placeholder { color: var(--quiet); opacity: 1; }
.smile, .go { flex: none; width: 44px; height: 44px; color: var(--quiet); border-radius: 14px; }
.smile:hover { color: var(--ink); }
.go svg { width: 34px; height: 34px; padding: 8px; border-radius: 50%; background: var(--accent); color: var(--on-accent); stroke-width: 2.2 }
.go:disabled svg { background: var(--sunken); color: var(--quiet); }
.count { margin: 0 6px 6px; font-size: 12px; color: var(--quiet); text-align: end; }
.count.bad { color: var(--wine); }
.emoji { position: absolute; inset: auto 12px calc(100% + 6px); padding: 8px; display: grid; grid-template-columns: repeat(7, 1fr); border-radius: 16px; background: var(--raised); box-shadow: var(--shadow); z-index: 1; animation: rise 140ms var(--ease); }
.emoji button { min-width: 44px; height: 44px; border-radius: 10px; font-size: 22px; }
.emoji button:hover { background: var(--sunken); }
.by { margin: 0; padding: 3px 0 5px; text-align: center; font-size: 11px; color: var(--quiet); }

@keyframes rise { from { opacity: 0; transform: translateY(6px); } }
@media (max-width: 480px) {
  .panel.panel { border: 0; --roof: env(safe-area-inset-top); padding-bottom: env(safe-area-inset-bottom); inset: 0 auto auto 0; width: 100%; height: 100vh; height: 100dvh; border-radius: 0; }
  .panel.keyboard { top: var(--top); height: var(--high); }
  .open .launch { visibility: hidden; }
}
`;
