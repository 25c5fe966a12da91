"""The widget's scripts: `/widget.js`, the one file that a site embeds, and its panel."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

from salotto.channels.web import bundle

SOON = "public, max-age=300, must-revalidate"
"""A new release reaches every site within five minutes."""
FOR_GOOD = "public, max-age=31536000, immutable"


def _answer(request: HttpRequest, script: bundle.Script, keep: str) -> HttpResponseBase:
    """A script for pages of every origin, compressed for those who can read it."""
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(
        script.packed if packed else script.plain, content_type="text/javascript; charset=utf-8"
    )
    if packed:
        response["Content-Encoding"] = "gzip"
    response["ETag"] = f'"{script.mark}{"-gz" if packed else ""}"'
    response["Cache-Control"] = keep
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    patch_vary_headers(response, ["Accept-Encoding"])
    return get_conditional_response(request, etag=response["ETag"], response=response) or response


@require_safe
def widget(request: HttpRequest) -> HttpResponseBase:
    """The loader."""
    return _answer(request, bundle.loader(), SOON)


@require_safe
def panel(request: HttpRequest, mark: str) -> HttpResponseBase:
    """The panel; a loader of an earlier release gets today's, and may not keep it."""
    script = bundle.panel()
    return _answer(request, script, FOR_GOOD if mark == script.mark else SOON)
