"""`salotto email domain`: what the DNS says about a domain that mail is sent from."""

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING

from salotto.cli import house
from salotto.cli.console import Group
from salotto.config import options as settings
from salotto.config.options import Options

if TYPE_CHECKING:
    from salotto.channels.email.domains import Finding

TO_CHANGE, WRONG = 1, 2
"""Exit codes: something is bad; what was given is no domain."""


def register(group: Group) -> None:
    """Add it to the sub-commands of `salotto email`."""
    words = "what the DNS says about a sender domain (MX, SPF, DKIM, DMARC), and what to change"
    made = group.add("domain", help=words, description=f"{words[0].upper()}{words[1:]}. Nothing is stored.")
    made.add_argument("name", help="the domain, such as example.com")
    made.add_argument("--host", default="", help="the server that its mail leaves by")
    made.add_argument("--selector", default="salotto", help="of the DKIM key (default salotto)")
    made.add_argument("--key", default="", help="the DKIM key that should stand there, in base64")
    made.add_argument("--json", action="store_true", help="for programs")
    made.set_defaults(run=look)


def look(given: argparse.Namespace, options: Options) -> int:
    """Ask, and print what is found; 1 if something is bad, 2 for what is no domain."""
    os.environ.update(settings.variables(options))
    house.load_django()
    from salotto.channels.email.actions.domains import NAME
    from salotto.channels.email.domains import Question, check_domain
    from salotto.channels.email.domains.resolver import Dns
    from salotto.core.addresses import domain_key

    name = domain_key(given.name)
    if not NAME.fullmatch(name):
        print("This is not a domain. Enter one such as example.com.", file=sys.stderr)
        return WRONG
    question = Question(name, given.host, given.selector, given.key, signs=bool(given.key))
    found = check_domain(question, Dns(options.dns))
    if not (given.key or given.host):  # whose key it is cannot be told
        found = [one for one in found if one.about != "dkim"]
    print(json.dumps(_as_json(name, found), indent=1, ensure_ascii=False) if given.json else _as_text(found))
    return TO_CHANGE if any(one.level == "bad" for one in found) else 0


def _as_json(name: str, found: "list[Finding]") -> dict[str, object]:
    return {"domain": name, "findings": [{**one.as_json(), "words": one.words} for one in found]}


def _as_text(found: "list[Finding]") -> str:
    lines = []
    for one in found:
        lines.append(f"{one.about.upper():<6} {one.level.value:<8} {one.words}")
        if one.found and one.level != "good":
            lines.append(f"{'':<16}now: {one.found}")
        if one.record:
            lines.append(f"{'':<16}record: {one.record.name} {one.record.type} {one.record.value}")
    return "\n".join(lines)
