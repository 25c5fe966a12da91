"""Settings pages about channels and email."""

from django.urls import path

from salotto.desk.email import channels, domains, look, mailbox, servers, waiting, ways

CHANNELS = "a/<slug:slug>/settings/channels/"
ONE = f"{CHANNELS}email/<int:mailbox>/"

urlpatterns = [
    path(CHANNELS, channels.channels, name="channels"),
    path(f"{CHANNELS}chat/", channels.chat, name="chat_settings"),
    path(f"{CHANNELS}add/", channels.add, name="add_mailbox"),
    path(ONE, mailbox.general, name="mailbox"),
    path(f"{ONE}connect/", channels.connect, name="connect_mailbox"),
    path(f"{ONE}connect/<slug:provider>/", servers.to_provider, name="connect_provider"),
    path(f"{ONE}switch/", mailbox.switch, name="switch_mailbox"),
    path(f"{ONE}remove/", mailbox.remove, name="remove_mailbox"),
    path(f"{ONE}receiving/", servers.receiving, name="mailbox_receiving"),
    path(f"{ONE}sending/", servers.sending, name="mailbox_sending"),
    path(f"{ONE}servers/<slug:way>/test/", servers.test, name="test_server"),
    path(f"{ONE}servers/<slug:way>/remove/", servers.forget, name="forget_server"),
    path(f"{ONE}look/", look.look, name="mailbox_look"),
    path(f"{ONE}look/preview/", look.preview, name="preview_look"),
    path(f"{ONE}look/logo/", look.logo, name="mailbox_logo"),
    path(f"{ONE}automatic/", look.automatic, name="mailbox_automatic"),
    path(f"{ONE}automatic/preview/", look.preview_automatic, name="preview_automatic"),
    path(f"{ONE}automatic/chats/", look.chats, name="mailbox_chats"),
    path(f"{ONE}automatic/chats/preview/", look.preview_chats, name="preview_chats"),
    path(f"{ONE}forwarding/", ways.forwarding, name="mailbox_forwarding"),
    path(f"{ONE}http/", ways.http, name="mailbox_http"),
    path(f"{ONE}tests/", mailbox.send_test, name="send_mail_test"),
    path(f"{ONE}tests/<int:trial>/", mailbox.watch_test, name="mail_test"),
    path(f"{CHANNELS}domains/", domains.domains, name="domains"),
    path(f"{CHANNELS}domains/<int:domain>/check/", domains.check, name="check_domain"),
    path(f"{CHANNELS}domains/<int:domain>/sign/", domains.sign, name="sign_domain"),
    path(f"{CHANNELS}domains/<int:domain>/remove/", domains.remove, name="remove_domain"),
    path(f"{CHANNELS}mail/", waiting.waiting, name="waiting_mail"),
    path(f"{CHANNELS}mail/retry/", waiting.retry_all, name="retry_all_mail"),
    path(f"{CHANNELS}mail/<int:raw>/", waiting.original, name="raw_mail"),
    path(f"{CHANNELS}mail/<int:raw>/retry/", waiting.retry, name="retry_raw_mail"),
    path(f"{CHANNELS}mail/<int:raw>/dismiss/", waiting.dismiss, name="dismiss_raw_mail"),
    path(f"{CHANNELS}mail/<int:raw>/assign/", waiting.assign, name="assign_raw_mail"),
    path("mail/oauth/<slug:provider>/callback", servers.back_from_provider, name="mail_oauth_callback"),
]
