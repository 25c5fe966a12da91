"""How long Hypothesis looks: seconds by default, hours with `HYPOTHESIS_PROFILE=long`."""

import os

from hypothesis import HealthCheck, Phase, settings


def chosen(examples: int, steps: int) -> settings:
    """Bounded and the same each time by default; `long` is 200 times as much,
    random, and takes the time to find the shortest failing schedule."""
    long = os.environ.get("HYPOTHESIS_PROFILE") == "long"
    return settings(
        deadline=None,
        database=None,
        derandomize=not long,
        phases=[Phase.generate, *([Phase.shrink] if long else [])],
        suppress_health_check=list(HealthCheck),
        max_examples=examples * (200 if long else 1),
        stateful_step_count=steps * (2 if long else 1),
    )
