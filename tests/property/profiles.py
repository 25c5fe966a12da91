"""How long Hypothesis looks: seconds by default, hours with `HYPOTHESIS_PROFILE=long`."""

import os

from hypothesis import HealthCheck, settings


def chosen(examples: int, steps: int) -> settings:
    """Bounded and the same each time by default; `long` is 200 times as much, and random."""
    long = os.environ.get("HYPOTHESIS_PROFILE") == "long"
    return settings(
        deadline=None,
        database=None,
        derandomize=not long,
        suppress_health_check=list(HealthCheck),
        max_examples=examples * (200 if long else 1),
        stateful_step_count=steps * (2 if long else 1),
    )
