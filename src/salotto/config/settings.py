"""Django's settings, derived from `options`. Read top to bottom."""

from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from salotto.config import databases, mail
from salotto.config.options import read, secret_key

OPTIONS = read()
PACKAGE = Path(__file__).resolve().parent.parent

SECRET_KEY = secret_key(OPTIONS)
DEBUG = False
PUBLIC_URL = OPTIONS.public_url
DEMO = OPTIONS.demo
SIGNUP = OPTIONS.signup
BILLING_GATEWAY = OPTIONS.billing_gateway
SECURE = PUBLIC_URL.startswith("https://")
ALLOWED_HOSTS = ["*"]  # addresses in mails and pages are built from PUBLIC_URL, never from Host
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "lucide",
    "csp",
    "allauth",
    "allauth.account",
    "procrastinate.contrib.django",
    "salotto.core",
    "salotto.live",
    "salotto.accounts",
    "salotto.billing",
    "salotto.seats",
    "salotto.inbox",
    "salotto.channels.web",
    "salotto.channels.email",
    "salotto.desk",
    "salotto.api",
    "salotto.operator",
    "salotto.config",
    *(["salotto.demo"] if DEMO else []),
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "salotto.accounts.middleware.PreferencesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "salotto.core.http.RefusalMiddleware",
]

ROOT_URLCONF = "salotto.config.urls"
WSGI_APPLICATION = "salotto.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [  # before allauth's own
            PACKAGE / "desk" / "templates",
            PACKAGE / "accounts" / "templates",
        ],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "salotto.desk.context.page",
            ],
        },
    }
]

DATABASES = {"default": databases.django_settings(OPTIONS)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "core_cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},  # what is over its time goes first
    }
}  # shared by all processes: sign-in rate limits count everywhere

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "salotto.accounts.allauth_adapter.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    "login": "salotto.accounts.forms.Login",
    "signup": "salotto.accounts.forms.Signup",
    "reset_password": "salotto.accounts.forms.ResetPassword",
    "reset_password_from_key": "salotto.accounts.forms.NewPassword",
    "change_password": "salotto.accounts.forms.ChangePassword",
    "reauthenticate": "salotto.accounts.forms.Reauthenticate",
}
# Only with mandatory confirmation does sign-up look the same for an address that is taken.
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_RATE_LIMITS = {"confirm_email": "1/1m/key"}
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True

# Cookies
SESSION_COOKIE_NAME = "salotto_session"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_NAME = "salotto_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = SECURE
CSRF_FAILURE_VIEW = "salotto.core.http.csrf_refused"

# Headers
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 30 if SECURE else 0
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024  # of any page's body: no form of ours holds a quarter of it
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
SPOOL = OPTIONS.data / "spool"
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "salotto.core.spool.Nameless",
]

# Languages
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("it", _("Italian"))]
LANGUAGE_COOKIE_NAME = "salotto_language"
LOCALE_PATHS = [
    OPTIONS.data / "locale",
    PACKAGE / "locale",
]  # compiled there at start: config.catalogues

# Files
STATIC_URL = "/static/"
STATIC_ROOT = OPTIONS.data / "static"  # collected and compressed at start: config.assets
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "salotto.config.assets.Storage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# Mail
EMAIL_BACKEND = "salotto.core.mail.QueuedBackend"  # written with the transaction, sent by a job
MAIL_TRANSPORT = mail.transport(OPTIONS)
DEFAULT_FROM_EMAIL = OPTIONS.mail_from
SERVER_EMAIL = OPTIONS.mail_from
EMAIL_TIMEOUT = 20
MAIL_DOMAIN = OPTIONS.mail_domain
POSTMASTER = OPTIONS.postmaster  # the inbox that gets mail to postmaster@ and abuse@
MAIL_LIMIT = OPTIONS.mail_limit * 1024 * 1024  # bytes of one mail that comes in
DNS = OPTIONS.dns
MAIL_LOCAL = OPTIONS.mail_local or DEMO  # mail servers on this very machine may be used
MAIL_PRIVATE = OPTIONS.mail_private  # and those in private networks
MAIL_PER_HOUR = OPTIONS.mail_per_hour  # people an account may write to by the own server
MAIL_OAUTH = {
    "google": (OPTIONS.google_client_id, OPTIONS.google_client_secret),
    "microsoft": (OPTIONS.microsoft_client_id, OPTIONS.microsoft_client_secret),
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": OPTIONS.log_level.upper()},
    "loggers": {
        name: {"level": "WARNING"} for name in ("procrastinate", "httpx", "uvicorn", "stripe", "imapclient")
    },
}
