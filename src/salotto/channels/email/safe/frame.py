"""The document of the sandboxed frame that a mail is shown in, and the headers it is served with."""

import re
from html import escape

from django.utils.translation import gettext as _
from django.utils.translation import override

SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"
"""For the `sandbox` attribute of the frame: no scripts, no forms, no way to the page above; links
open in a new tab. It keeps our origin, so that the page above can measure how high it is."""

THEMES = {"system": "light dark", "light": "only light", "dark": "only dark"}

_COLOURED = re.compile(
    r"""\s(?:bgcolor|background)="|<font\b[^>]*\scolor="
    |[";\s](?:background(?:-color|-image)?|color)\s*:
    (?!\s*(?:transparent|none|inherit|initial|unset|currentcolor|windowtext|auto)\s*(?:!important\s*)?[;"])""",
    re.VERBOSE | re.IGNORECASE,
)

_STYLE = """
:root { color-scheme: %(scheme)s; --ink: light-dark(#221e1a, #f3ede4); --quiet: light-dark(#665e55, #aca297);
  --line: light-dark(#e7e0d6, #352f2a); --edge: light-dark(#d8cfc3, #57504a);
  --link: light-dark(#97391d, #f0a183); }
:root.paper { color-scheme: only light; background: #fff; --ink: #221e1a; --quiet: #665e55;
  --line: #e7e0d6; --edge: #d8cfc3; --link: #97391d; }
html, body { margin: 0; padding: 0; height: auto; }
body { color: var(--ink); font: 15px/1.5 "Inter", "Inter Variable", system-ui, -apple-system, "Segoe UI",
  Roboto, "Helvetica Neue", sans-serif; -webkit-text-size-adjust: 100%%; text-size-adjust: 100%%; }
.mail { display: flow-root; overflow-x: auto; overflow-wrap: anywhere; }
.paper .mail { padding: 12px; }
td, th { overflow-wrap: break-word; }
table { max-width: none; }
img { max-width: 100%%; object-fit: contain; }
img[data-remote] { display: inline-block; box-sizing: border-box; border: 1px dashed var(--edge);
  color: var(--quiet); font-size: 12px; line-height: 1.3; overflow: hidden; }
img[data-remote][width="0"], img[data-remote][height="0"],
img[data-remote][width="1"], img[data-remote][height="1"] { display: none; }
a { color: var(--link); }
.leads { all: initial; color-scheme: inherit; margin: 0 4px; padding: 0 5px; border-radius: 4px;
  background: light-dark(#fbe9e4, #4a2018); color: light-dark(#7d2410, #ffd9cd);
  font: 12px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
.above { margin: 0 0 8px; padding: 6px 10px; border-radius: 6px;
  background: light-dark(#fbe9e4, #4a2018); color: light-dark(#7d2410, #ffd9cd);
  font: 13px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
.above p { margin: 0; }
pre { white-space: pre-wrap; }
blockquote { margin: 8px 0; padding: 0 0 0 12px; border-left: 2px solid var(--edge); }
hr { border: 0; border-top: 1px solid var(--line); }
@media (max-width: 600px) { img { height: auto !important; } }
@media print { :root { color-scheme: only light; } }
"""


def has_own_colours(fragment: str) -> bool:
    """Whether a safe fragment names colours or grounds, which were chosen for white paper."""
    return bool(_COLOURED.search(fragment))


def frame_document(fragment: str, *, language: str, theme: str = "system", above: str = "") -> str:
    """The whole document for a fragment that `safe_html` made.

    `theme` is what the page around uses: `system`, `light` or `dark`. A mail without colours of its
    own takes ours and is transparent; one with them lies on white paper, in the dark too, so that
    its ink is never dark on dark. `above` is HTML of ours: the mail's box clips all that is in it, so
    nothing of the mail covers that.
    """
    with override(language):
        title = _("Message")
    notice = f'<div class="above" dir="auto">{above}</div>' if above else ""
    paper = ' class="paper"' if has_own_colours(fragment) else ""
    return (
        f'<!doctype html><html lang="{escape(language)}"{paper}><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{_STYLE % {'scheme': THEMES.get(theme, THEMES['system'])}}</style></head>"
        f'<body>{notice}<div class="mail" dir="auto">{fragment}</div></body></html>'
    )


def frame_headers(remote: bool) -> dict[str, str]:
    """The headers of that document; images of the web may load only if `remote`.

    Django's own `X-Frame-Options: DENY` has to be lifted by the view (`xframe_options_sameorigin`).
    """
    images = "data: 'self' https: http:" if remote else "data: 'self'"
    policy = (
        f"sandbox {SANDBOX}; default-src 'none'; img-src {images}; style-src 'unsafe-inline';"
        " form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    )
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-DNS-Prefetch-Control": "off",
        "Cache-Control": "private, max-age=0, must-revalidate",
    }
