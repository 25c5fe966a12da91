"""Reads broken mails, many of them: `python -m benchmarks.broken 100000 [--seed 1]`.

Each is a mail of the corpus with one to six wounds (tests/channels/email/mime/broken.py). Exit code
1 if one crashes, says what cannot be stored, or takes more than a second of a processor per MB. A
mail that does is kept as a file; the same seed makes the same mails.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.channels.email.mime.broken import corpus, mutated, seconds


def main() -> int:
    """Read as many as asked, and print what it took."""
    top = argparse.ArgumentParser(prog="python -m benchmarks.broken", description="Read broken mails.")
    top.add_argument("mails", type=int, nargs="?", default=100_000)
    top.add_argument("--seed", type=int, default=1)
    given = top.parse_args()
    whole, chance = corpus(), random.Random(given.seed)
    start, bad, slowest = time.monotonic(), 0, 0.0
    for number in range(given.mails):
        raw = mutated(chance.choice(whole), chance, whole)
        took = _read(raw, f"{given.seed}-{number}")
        bad += took is None
        slowest = max(slowest, took or 0)
    took = time.monotonic() - start
    print(f"{given.mails} broken mails in {took:.0f} s, {bad} bad; the slowest took {1000 * slowest:.0f} ms.")
    return 1 if bad else 0


def _read(raw: bytes, name: str) -> float | None:
    """The processor time in seconds; None, and a word on stderr, if it was not read well."""
    try:
        took = seconds(raw)
        if took <= max(1.0, len(raw) / 1e6):
            return took
        problem = f"{took:.2f} s"
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    file = Path(tempfile.gettempdir()) / f"broken-{name}.eml"
    file.write_bytes(raw)
    print(f"{file}: {problem}", file=sys.stderr)
    return None


if __name__ == "__main__":
    sys.exit(main())
