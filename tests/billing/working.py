"""The worker as `salotto serve` and `salotto worker` run it, in a process that a test may kill.

`python -m tests.billing.working` on the database of the test process that starts it.
"""

import subprocess
import sys


def start() -> "subprocess.Popen[bytes]":
    """The process; it takes jobs as soon as it has started."""
    return subprocess.Popen([sys.executable, "-m", "tests.billing.working"])


def main() -> None:
    import asyncio

    import django

    django.setup()
    from salotto.config.jobs import work

    asyncio.run(work())


if __name__ == "__main__":
    main()
