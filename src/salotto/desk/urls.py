"""Addresses of the desk, below /a/<slug>/ (see `config.urls`)."""

from django.urls import include, path, register_converter

from salotto.desk.views import acts, inbox
from salotto.inbox.boxes import View


class ViewConverter:
    """A view of the inbox in an address."""

    regex = "|".join(View)

    def to_python(self, value: str) -> View:
        return View(value)

    def to_url(self, value: View) -> str:
        return str(value)


register_converter(ViewConverter, "view")

urlpatterns = [
    path("", include("salotto.desk.mail.urls")),
    path("", inbox.account_home, name="account_home"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/<view:view>/", inbox.inbox, name="inbox_view"),
    path("inbox/<view:view>/older/", inbox.older, name="inbox_older"),
    path("inbox/<view:view>/rows/", inbox.rows, name="inbox_rows"),
    path("inbox/<view:view>/<int:conversation>/", inbox.inbox, name="conversation"),
    path("c/<int:conversation>/", inbox.short, name="conversation_short"),
    path("c/<int:conversation>/messages/", inbox.messages, name="messages"),
    path("c/<int:conversation>/reply/", acts.reply, name="reply"),
    path("c/<int:conversation>/note/", acts.note, name="note"),
    path("c/<int:conversation>/address/", acts.add_address, name="add_address"),
    path("c/<int:conversation>/language/", acts.set_language, name="contact_language"),
    path("c/<int:conversation>/assign/", acts.assign, name="assign"),
    path("c/<int:conversation>/complete/", acts.complete, name="complete"),
    path("c/<int:conversation>/reopen/", acts.reopen, name="reopen"),
    path("c/<int:conversation>/read/", acts.mark_read, name="mark_read"),
    path("c/<int:conversation>/unread/", acts.mark_unread, name="mark_unread"),
]
