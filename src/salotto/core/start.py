"""Why a start fails, in one sentence for the person at the terminal."""


class CannotStart(Exception):
    """Something outside the program stands in the way; `str()` says what, and what to do."""
