"""The commands: `salotto serve | demo | worker | migrate | check | billing | operator`, and what
operators do on their pages: `catalogue | accounts | requests | purchases | invoices | audit`.

Nothing of Django is imported before the database server is starting, so that both boot
at the same time; each command says in one sentence what is in its way.
"""

import sys
from collections.abc import Sequence

from salotto.cli.arguments import parse
from salotto.cli.signals import stop_on_signals
from salotto.config.options import unknown
from salotto.core.start import CannotStart, Stopped

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code: 0 done or stopped, 1 a problem (said on stderr)."""
    try:
        with stop_on_signals():
            command, options = parse(sys.argv[1:] if arguments is None else arguments)
            for sentence in unknown():
                print(f"Warning: {sentence}", file=sys.stderr)
            code: int = command.run(command, options)
            return code
    except Stopped:
        return 0
    except (CannotStart, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 1
