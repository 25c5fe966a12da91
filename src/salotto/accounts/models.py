"""Accounts, the people in them, and how they come in."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from salotto.core.tenancy import AccountModel

LANGUAGES = [("en", "English"), ("it", "Italiano")]


class People(BaseUserManager["User"]):
    """Creates users by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A saved user; the address is stored in lower case."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email__iexact=email or "")


class User(AbstractBaseUser):
    """A person; belongs to any number of accounts through `Membership`."""

    email = models.EmailField(_("email"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    language = models.CharField(_("language"), max_length=8, choices=LANGUAGES, default="en")
    theme = models.CharField(
        max_length=8,
        choices=[
            ("system", _("As the system")),
            ("light", _("Light")),
            ("dark", _("Dark")),
        ],
        default="system",
    )
    is_active = models.BooleanField(default=True)
    is_operator = models.BooleanField(default=False)  # of the installation: `salotto operator`
    created_at = models.DateTimeField(db_default=Now())

    objects = People()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="accounts_user_email_once")]

    def __str__(self) -> str:
        return self.name or self.email


class Role(models.TextChoices):
    """What a member may administer. The primary admin is the account's own column."""

    ADMIN = "admin", _("Admin")
    MEMBER = "member", _("Member")


class Access(models.TextChoices):
    """What a member may do with conversations; written by `seats.actions` only."""

    AGENT = "agent", _("Agent")
    VIEWER = "viewer", _("Viewer")
    NONE = "none", _("No access")


class Account(models.Model):
    """A company that uses Salotto.

    `primary_admin` is NOT NULL and its composite foreign key (deferred) points to a
    membership of this very account: the database itself keeps "exactly one".
    """

    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=60, unique=True)
    primary_admin = models.ForeignKey(User, models.PROTECT, related_name="+", db_constraint=False)
    language = models.CharField(max_length=8, choices=LANGUAGES, default="en")
    time_zone = models.CharField(max_length=60, default="UTC")
    read_only = models.BooleanField(default=False)  # nobody may answer: not paid (rules 20, 21)
    chats_by_mail = models.BooleanField(default=False, db_default=False)  # kept by a trigger of email
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class Membership(AccountModel):
    """A user in an account: role, access level, and what an admin was permitted beside."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role, default=Role.MEMBER)
    access = models.CharField(max_length=8, choices=Access, default=Access.NONE)
    manages_channels = models.BooleanField(default=False, db_default=False)  # counts for admins only
    joined_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "user"], name="accounts_membership_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values),
                name="accounts_membership_role",
            ),
            models.CheckConstraint(
                condition=models.Q(access__in=Access.values),
                name="accounts_membership_access",
            ),
        ]


class Invitation(AccountModel):
    """An open invitation by mail. Reserves no seat (rule 16); one open per address."""

    email = models.EmailField()
    role = models.CharField(max_length=8, choices=Role, default=Role.MEMBER)
    access = models.CharField(max_length=8, choices=Access, default=Access.NONE)
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    language = models.CharField(max_length=8, choices=LANGUAGES, default="en")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "account",
                Lower("email"),
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="accounts_invitation_once",
            ),
        ]


class ApiToken(AccountModel):
    """A member's key for programs: acts as that member, with the rights of the moment."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
