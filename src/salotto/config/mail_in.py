"""Where mail is received by SMTP and LMTP, as a coroutine: beside the job worker, or not at all."""

import logging
from urllib.parse import urlsplit

from salotto.config.options import Options

log = logging.getLogger("salotto.email")

AT_ONCE = 6
"""As many mails of the largest size may be coming in at the same moment."""


async def receive(options: Options) -> None:
    """Receive mail until cancelled; returns at once, and has loaded nothing, when that is off."""
    if not (options.smtp_listen or options.lmtp_listen):
        return
    from salotto.channels.email.receiver.limits import Limits
    from salotto.channels.email.receiver.listening import Door, Receiver, certificate

    if not options.mail_domain:
        log.warning("SALOTTO_MAIL_DOMAIN is not set: no address is ours, so every mail is refused.")
    try:
        context = certificate(options.smtp_certificate, options.smtp_key)
    except OSError as error:
        log.error("Mail is received without TLS: the certificate cannot be used: %s", error)
        context = None
    listen = ((options.smtp_listen, False), (options.lmtp_listen, True))
    doors = [Door(*place(text), lmtp) for text, lmtp in listen if text]
    size = options.mail_limit * 1024 * 1024
    name = options.mail_domain or urlsplit(options.public_url).hostname or "localhost"
    await Receiver(doors, size, name, Limits(most_bytes=AT_ONCE * size), context).run()


def place(text: str) -> tuple[str, int]:
    """Host and port of `host:port`, with or without brackets around an IPv6 address."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)
