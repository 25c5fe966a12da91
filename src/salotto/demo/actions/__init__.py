"""Founding the demo's account, once: through the same actions that people use.

The one thing that no action does is the past: conversations of last week get their times
by SQL, here and nowhere else.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4

from django.db import connection, transaction

from salotto.accounts.actions import create_user, found_account, update_profile
from salotto.accounts.members import Member
from salotto.accounts.models import Account, Membership, User
from salotto.accounts.queries import member_of
from salotto.accounts.signals import member_joined
from salotto.billing.actions.details import save_details
from salotto.billing.models import Catalogue, Price, TaxRate
from salotto.channels.web.models import Site
from salotto.core.clock import now
from salotto.core.tenancy import account_scope
from salotto.demo.actions.mails import play_mails
from salotto.demo.actions.past import was
from salotto.demo.cast import CAST, COMPANY, LEAD, OPERATOR, SITE_KEY, Player
from salotto.demo.money import BUYER, PRICES, SELLER, VAT
from salotto.demo.script import Step, Talk, talks
from salotto.inbox import actions as inbox
from salotto.inbox.models import Conversation, Inbox, Kind
from salotto.inbox.posting import Item, post

SEED_LOCK = 0x5A10DE40

Team = Mapping[str, Member]


def seed(password: str) -> bool:
    """Found the demo's account unless it is there; False if it was. All or nothing."""
    with transaction.atomic():
        with connection.cursor() as db:
            db.execute("SELECT pg_advisory_xact_lock(%s)", [SEED_LOCK])
        if User.objects.filter(email=LEAD.email).exists():
            return False
        _open_shop(password)
        lead = create_user(LEAD.email, LEAD.name, password, language="it")
        account = found_account(COMPANY, lead, language="it", time_zone="Europe/Rome")
        with account_scope(account.pk):
            team = _gather(account, lead, password)
            save_details(by=team[LEAD.key], **BUYER)
            Site.objects.update(key=SITE_KEY)
            inbox_id = Inbox.objects.get().pk
            for talk in sorted(talks(), key=lambda talk: talk.ago, reverse=True):
                _play(talk, account.pk, inbox_id, team)
            play_mails(account, team)
    return True


def _open_shop(password: str) -> None:
    """The catalogue of the demo, and who runs the server."""
    Catalogue.objects.filter(pk=1).update(**SELLER)
    Price.objects.bulk_create(Price(currency=c, unit_amount=n) for c, n in PRICES.items())
    TaxRate.objects.get_or_create(**VAT)
    olga = create_user(OPERATOR.email, OPERATOR.name, password, language="it")
    User.objects.filter(pk=olga.pk).update(is_operator=True)


def _gather(account: Account, lead: User, password: str) -> Team:
    users = {LEAD.key: lead}
    for player in CAST[1:]:
        users[player.key] = _join(account, player, password)
    team = {key: member_of(user, account.slug) for key, user in users.items()}
    return {key: member for key, member in team.items() if member is not None}


def _join(account: Account, player: Player, password: str) -> User:
    user = create_user(player.email, player.name, password, language="it")
    Membership.objects.create(account=account, user=user, role=player.role)
    member_joined.send(Membership, account=account, user=user, wanted=player.access)
    return user


def speak(user: User, language: str) -> None:
    """The visitor of the demo reads on in the language of its start page."""
    update_profile(user, language=language)


def _play(talk: Talk, account: int, inbox_id: int, team: Team) -> None:
    """Post, answer and complete as written, then move it all to when it happened."""
    visitor = uuid4()
    at = now() - talk.ago - talk.length()
    conversation, last = 0, 0
    waiting: datetime | None = None
    for n, step in enumerate(talk.steps):
        at = at + step.gap if n else at
        if step.what == "asks":
            item = Item(
                account,
                uuid4(),
                Kind.VISITOR,
                step.text,
                inbox=inbox_id,
                visitor=visitor,
                language=talk.language,
            )
            posted = post(item)
            conversation = posted.conversation if posted else conversation
            waiting = waiting or at
        else:
            _act(step, conversation, team)
            waiting = None if step.what in ("answers", "completes") else waiting
        last = was(account, conversation, last, at)
    _settle(conversation, talk, at, waiting)


def _act(step: Step, conversation: int, team: Team) -> None:
    by = team[step.who]
    if step.what == "answers":
        inbox.reply(conversation, step.text, client_id=uuid4(), by=by)
    elif step.what == "notes":
        inbox.add_note(conversation, step.text, client_id=uuid4(), by=by)
    elif step.what == "assigns":
        inbox.assign(conversation, team[step.text].user.pk, by=by)
    else:
        inbox.complete(conversation, by=by)


def _settle(conversation: int, talk: Talk, at: datetime, waiting: datetime | None) -> None:
    """The conversation's and the contact's own times; the contact has seen what it read."""
    found = Conversation.objects.select_related("contact").get(pk=conversation)
    begun = at - talk.length()
    Conversation.objects.filter(pk=conversation).update(
        created_at=begun,
        last_activity=at,
        waiting_since=waiting,
        seen_by_visitor=found.last_message if waiting is None else found.seen_by_visitor,
    )
    contact = type(found.contact).objects.filter(pk=found.contact_id)
    contact.update(name=talk.name, email=talk.email, created_at=begun)
