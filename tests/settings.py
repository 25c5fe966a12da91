"""The product's settings, with what a test needs: mail in memory, plain static files."""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path
from uuid import uuid4

if "TESTING_SALOTTO" not in os.environ:  # else: a worker or a server that this test run has started
    data = Path(tempfile.mkdtemp(prefix="salotto-test-"))
    atexit.register(shutil.rmtree, data, ignore_errors=True)
    data.chmod(0o755)
    (data / "static").mkdir()  # whitenoise looks for it
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # the many processes of the suite share what one compiles
    sys.dont_write_bytecode = False
    os.environ.update(
        TESTING_SALOTTO=uuid4().hex[:12],  # the name of this run
        SALOTTO_DATA=str(data),
        SALOTTO_SECRET_KEY="a key for tests only",
        SALOTTO_URL="http://testserver",
        SALOTTO_MAIL_LOCAL="yes",  # mail servers of the tests stand on this machine
        DJANGO_SETTINGS_MODULE="tests.settings",
    )

from salotto.config.catalogues import compile_to
from salotto.config.settings import *  # noqa: F403

compile_to(OPTIONS.data / "locale")  # noqa: F405
MAIL_TRANSPORT = {"backend": "django.core.mail.backends.locmem.EmailBackend"}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast, for tests only
