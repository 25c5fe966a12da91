"""What gateways reach of us, and the page that the sandbox plays a bank on."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from salotto.accounts.http import MemberRequest, for_primary_admin
from salotto.billing.actions import methods, webhooks
from salotto.billing.gateways.port import Forged, GatewayRefused, IntentState
from salotto.billing.gateways.sandbox import Sandbox
from salotto.core.errors import BadRequest, Missing

ANSWERS = {"complete": True, "fail": False}


@csrf_exempt  # it comes from a server, and its signature says which
@require_POST
def webhook(request: HttpRequest, gateway: str) -> HttpResponse:
    """Take a webhook: 200 once it is stored, 400 if it is forged, 413 above 256 kB."""
    try:
        webhooks.receive(gateway, request.body, request.headers)
    except Forged:
        raise BadRequest() from None
    return HttpResponse(status=200)


@require_POST
@for_primary_admin
def begin_card(request: MemberRequest) -> HttpResponse:
    """What the gateway's own element needs to take a card; the number never comes here."""
    return JsonResponse(dict(methods.begin_card(request.member)))


@require_http_methods(["GET", "HEAD", "POST"])
@for_primary_admin
def sandbox_challenge(request: MemberRequest, intent: str) -> HttpResponse:
    """The simulated bank's question. POST `answer`: `complete` or `fail`; htmx gets a fragment."""
    bank = Sandbox()
    try:
        found = bank.challenged(intent, request.member.account.pk)
        if request.method == "POST":
            if request.POST.get("answer") not in ANSWERS:
                raise BadRequest()
            found = bank.answer_challenge(found.id, ANSWERS[request.POST["answer"]])
    except GatewayRefused:
        raise Missing() from None
    context = {"intent": found, "asks": found.state is IntentState.CHALLENGE}
    context["passed"] = found.state is IntentState.SUCCEEDED
    template = "_sandbox_challenge" if request.htmx else "sandbox_challenge"
    return render(request, f"billing/{template}.html", context)
