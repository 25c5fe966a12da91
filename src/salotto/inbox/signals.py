"""What the inbox tells the rooms above it, inside the transaction of the change itself.

`replied`: an agent's public message was written, for the first time. Arguments: `conversation`
(`Conversation`, locked), `message` (its id), `draft` (`Draft`), `by` (`Member`). The channel it
came in by sends it out; a receiver that raises undoes the message.

`deleting`: a conversation is about to be deleted, with its messages and files. Arguments:
`conversation` (`Conversation`, locked). Receivers remove what they keep of it.
"""

from dataclasses import dataclass

from django.dispatch import Signal

replied = Signal()
deleting = Signal()


@dataclass(frozen=True, slots=True)
class Draft:
    """What an agent decided about a message beside its text.

    `to`, `cc`, `bcc` are addresses as written (None: as the channel would by itself), `subject`
    likewise; `attachments` are ids of uploads that wait; `quote`: what is answered stands below.
    """

    to: tuple[str, ...] | None = None
    cc: tuple[str, ...] | None = None
    bcc: tuple[str, ...] | None = None
    subject: str | None = None
    attachments: tuple[int, ...] = ()
    quote: bool = False


PLAIN = Draft()
