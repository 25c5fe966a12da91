"""Deleting a conversation for good, after asking."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from salotto.accounts.http import MemberRequest, for_agents
from salotto.accounts.members import must_administer
from salotto.desk.views import parts
from salotto.inbox import actions, queries


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents
def delete(request: MemberRequest, conversation: int) -> HttpResponse:
    """Ask, and delete."""
    must_administer(request.member)
    head = queries.head(conversation, by=request.member)
    if request.method != "POST":
        context = {"head": head, "contact": parts.contact(head), "section": "inbox"}
        return render(request, "desk/mail/delete.html", context)
    actions.delete_conversation(head.id, by=request.member)
    messages.success(request, _("The conversation was deleted."))
    return redirect("inbox", request.member.account.slug)
