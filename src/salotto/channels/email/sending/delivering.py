"""Handing one mail to a server: exactly these bytes, to exactly these people."""

import re
import smtplib
from collections.abc import Callable, Sequence
from time import monotonic

from salotto.channels.email.composing import headers
from salotto.channels.email.sending.lines import COMMAND_SECONDS, LINES, Line, Target
from salotto.channels.email.sending.outcome import Never, NotNow, NoUtf8, Refusal, Taken, answer

MAIL_SECONDS = 660.0
"""For one mail from its first command to its end, and as long again for the answer to that, which may
take ten minutes (RFC 5321, 4.5.3.2.6). Both end well before the sender counts as lost
(`patience.LOST_AFTER`): another one would send the mail once more, and again."""
RCPT_SECONDS = 300.0
"""Of these, for naming all recipients."""
SILENCE = 30.0
"""A server that ends a mail after so long without taking it was too slow, whatever the reason."""
_TOO_SLOW = "The server takes too long for so many recipients."
_NO_END = "The server takes too long for a mail."
_NO_UTF8 = "The server takes no addresses beyond ASCII (SMTPUTF8)."
_BARE = re.compile(rb"\r\n|\r|\n")
_DOT = re.compile(rb"^\.", re.MULTILINE)
_EIGHT_BIT = re.compile(rb"[\x80-\xff]")


def deliver(
    target: Target,
    raw: bytes,
    sender: str,
    recipients: Sequence[str],
    before_end: Callable[[], None] = lambda: None,
) -> Taken:
    """Hand a mail over; `sender` is the envelope's, "" for none. Who of the recipients was refused
    is in what is returned, be it all of them.

    A server has no mail before its end, the final dot. Up to there the connection is cut when time is
    over; `before_end` is called right before it, and what that raises keeps the mail from the server.
    From then on nobody knows what the server does, and its answer is awaited.

    Raises NotNow when it may be tried again, Never when the server has refused it for good.
    What is not known to be taken counts as not taken.
    """
    began = monotonic()
    with LINES.line(target) as line:
        try:
            with line.within(target.at_most or MAIL_SECONDS):
                refused = _all_but_its_end(line, _BARE.sub(b"\r\n", raw), sender, recipients)
                if len(refused) == len(recipients):
                    return Taken(refused)
                before_end()
            if line.too_slow:
                raise NotNow(_NO_END, slow=True)
            return Taken(refused, _end(line))
        except smtplib.SMTPResponseException as error:  # a line without end
            _check(error.smtp_code, error.smtp_error, line)
            raise NotNow(answer(error.smtp_code, error.smtp_error)) from error
        except (smtplib.SMTPException, OSError) as error:
            if line.too_slow:
                raise NotNow(_NO_END, slow=True) from error
            slow = monotonic() - began > SILENCE
            raise NotNow(f"The server ended the connection, or did not answer: {error}", slow=slow) from error


def _all_but_its_end(line: Line, raw: bytes, sender: str, recipients: Sequence[str]) -> tuple[Refusal, ...]:
    """Say whom the mail is for, and send it without the final dot, unless everybody was refused; who
    was."""
    sender, envelope = _envelope(sender), [_envelope(address) for address in recipients]
    _check(*line.mail(sender, _options(line, raw, [sender, *envelope])), line)
    refused = []
    until = monotonic() + RCPT_SECONDS
    for address, written in zip(recipients, envelope, strict=True):
        if monotonic() > until:
            raise NotNow(_TOO_SLOW, slow=True)
        code, words = line.rcpt(written)
        if code not in (250, 251, 252):
            refused.append(Refusal(address, answer(code, words), again=_may_later(code, words)))
        if code == 421:
            raise NotNow(answer(code, words), server=True)
    if len(refused) == len(recipients):
        _reset(line)
    else:
        _data(line, raw)
    return tuple(refused)


def _may_later(code: int, words: bytes) -> bool:
    """Whether a refused recipient may be taken another time; old servers say 552 for too many in
    one mail (RFC 5321, 4.5.3.1.10), and mean that the others go with the next."""
    return code < 500 or (code == 552 and b"5.2." not in words)


def _options(line: Line, raw: bytes, addresses: Sequence[str]) -> list[str]:
    options = [f"SIZE={len(raw)}"] if line.has_extn("size") else []
    if _EIGHT_BIT.search(raw) and line.has_extn("8bitmime"):
        options.append("BODY=8BITMIME")
    if not all(address.isascii() for address in addresses) or _EIGHT_BIT.search(
        raw, 0, raw.find(b"\r\n\r\n")
    ):
        if not line.has_extn("smtputf8"):
            raise NoUtf8(_NO_UTF8)
        options.append("SMTPUTF8")
        line.command_encoding = "utf-8"
    else:
        line.command_encoding = "ascii"
    return options


def needs_utf8(written: str) -> bool:
    """Whether a server must know SMTPUTF8 to take a mail for this address."""
    return not _envelope(written).isascii()


def _envelope(written: str) -> str:
    """An address for the envelope: an international domain in its ASCII form."""
    try:
        return headers.address(written) if written else ""
    except ValueError:
        return written


def _data(line: Line, raw: bytes) -> None:
    """Send the mail itself, up to its last line."""
    line.wait_for(MAIL_SECONDS + COMMAND_SECONDS)  # it is cut before
    code, words = line.docmd("DATA")
    if code != 354:
        _check(code, words, line)
        raise NotNow(answer(code, words))
    line.send(_DOT.sub(b"..", raw if raw.endswith(b"\r\n") else raw + b"\r\n"))


def _end(line: Line) -> str:
    """Send the final dot; the server's words of having taken the mail."""
    with line.within(MAIL_SECONDS):
        line.send(b".\r\n")
        code, words = line.getreply()
        line.wait_for(COMMAND_SECONDS)
        _check(code, words, line)
    return answer(code, words)


def _check(code: int, words: bytes | str, line: Line) -> None:
    """Raises what an answer other than success means."""
    if code == 250:
        return
    said = answer(code, words)
    if 500 <= code < 600:
        _reset(line)
        raise Never(said)
    raise NotNow(said, server=code == 421)


def _reset(line: Line) -> None:
    """Ready for another mail; a server that hangs up after its answer has answered all the same."""
    try:
        line.rset()
    except (smtplib.SMTPException, OSError):
        line.close()
