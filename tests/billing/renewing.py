"""A worker of its own that does what is due until nothing is left; a test may kill it.

`python -m tests.billing.renewing` on the database of the test process that starts it.
"""

import subprocess
import sys


def start() -> "subprocess.Popen[bytes]":
    """The process, at work as soon as it has started."""
    return subprocess.Popen([sys.executable, "-m", "tests.billing.renewing"])


def main() -> None:
    import django

    django.setup()
    from salotto.billing.actions import run_due

    while run_due():
        pass


if __name__ == "__main__":
    main()
