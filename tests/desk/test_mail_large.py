"""A mail that was too large to be fetched, as agents and admins see it."""

from django.conf import LazySettings
from django.urls import reverse

from salotto.channels.email import troubles
from salotto.channels.email.actions.fetching import complete
from salotto.channels.email.models import RawMail
from salotto.core.tenancy import account_scope
from tests.cast import Cast
from tests.channels.email.large import headers_came, large
from tests.channels.email.post import person
from tests.desk.mails import open_box


def test_it_is_said_in_the_thread_and_on_the_page_of_mail_that_waits(
    cast: Cast, settings: LazySettings
) -> None:
    settings.MAIL_LIMIT = 35 << 20
    post = open_box(cast)
    mail = large(post, person("big"))
    raw = headers_came(post, mail, size=41_104_179)
    said = "This mail has 39.2\N{NO-BREAK SPACE}MB, and mails of up to 35.0\N{NO-BREAK SPACE}MB are taken in."
    waiting = reverse("waiting_mail", args=[cast.slug])
    thread = f"/a/{cast.slug}/inbox/all/{raw.conversation_id}/"
    for reader, link in ((cast.viewer, False), (cast.primary_admin, True)):
        shown = cast.client(reader).get(thread).content.decode()
        assert said in shown and "was not fetched; only its headers are here" in shown
        assert (waiting in shown) is link
    original = f"/a/{cast.slug}/mails/{raw.message_id}/"
    page = cast.client(cast.agent).get(original).content.decode()
    assert "Only its headers are kept here. The whole mail, 39.2" in page and "lies in the mailbox." in page
    assert "Source" not in page and "letter for letter" not in page
    listed = cast.client(cast.primary_admin).get(waiting).content.decode()
    assert f"/c/{raw.conversation_id}/" in listed and "Not fetched" in listed
    overview = cast.client(cast.primary_admin).get(reverse("channels", args=[cast.slug])).content.decode()
    assert "1 not fetched" in overview and "could not be read" not in overview
    mailbox = reverse("mailbox", args=[cast.slug, post.mailbox.pk])
    told = cast.client(cast.primary_admin).get(mailbox).content.decode()
    assert "1 mail not fetched, only its headers are here" in told and "could not be read" not in told
    with account_scope(cast.account.pk):
        RawMail.objects.filter(pk=raw.pk).update(error=troubles.GONE)  # somebody has tried again
    shown = cast.client(cast.agent).get(thread).content.decode()
    assert "the whole mail is not in the mailbox any more" in shown and "lies whole" not in shown
    complete(raw, mail)
    post.take_in()
    assert "was not fetched" not in cast.client(cast.agent).get(thread).content.decode()
    assert "letter for letter" in cast.client(cast.agent).get(original).content.decode()
