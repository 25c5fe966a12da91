"""Lines of the results page, and their JSON."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "latest.json"


@dataclass(frozen=True, slots=True)
class Line:
    """One measured thing. `ok` is None where there is no limit to keep."""

    part: str
    what: str
    ours: float
    unit: str
    floor: float | None = None
    ratio: float | None = None
    limit: str = ""
    ok: bool | None = None


def at_least(part: str, what: str, ours: float, floor: float, unit: str, limit: float) -> Line:
    """Ours must be at least `limit` times the floor."""
    ratio = ours / floor
    return Line(part, what, ours, unit, floor, ratio, f"≥ {limit:g} ×", ratio >= limit)


def at_most(part: str, what: str, ours: float, floor: float, unit: str, limit: float) -> Line:
    """Ours may be at most `limit` times the floor."""
    ratio = ours / floor
    return Line(part, what, ours, unit, floor, ratio, f"≤ {limit:g} ×", ratio <= limit)


def below(part: str, what: str, ours: float, unit: str, limit: float, floor: float | None = None) -> Line:
    """Ours must stay below `limit`, in its own unit; a floor only for comparison."""
    ratio = ours / floor if floor else None
    return Line(part, what, ours, unit, floor, ratio, f"< {limit:g} {unit}", ours < limit)


def above(part: str, what: str, ours: float, unit: str, limit: float) -> Line:
    """Ours must reach `limit`, in its own unit."""
    return Line(part, what, ours, unit, limit=f"≥ {limit:g} {unit}", ok=ours >= limit)


def holds(part: str, what: str, truth: bool) -> Line:
    """Something that is so or is not."""
    return Line(part, what, float(truth), "", limit="yes", ok=truth)


def beside(part: str, what: str, ours: float, unit: str, floor: float | None = None) -> Line:
    """For the reader, without a limit."""
    return Line(part, what, ours, unit, floor, ours / floor if floor else None)


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    if not unit:
        return "yes" if value else "no"
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2
    return f"{value:,.{digits}f} {unit}"


def table(lines: list[Line]) -> str:
    """The page."""
    rows = [("", "what", "ours", "floor", "ratio", "limit", "")]
    for line in lines:
        ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
        verdict = {True: "ok", False: "OVER", None: ""}[line.ok]
        ours, floor = _number(line.ours, line.unit), _number(line.floor, line.unit)
        rows.append((line.part, line.what, ours, floor, ratio, line.limit, verdict))
    widths = [max(len(row[n]) for row in rows) for n in range(7)]
    return "\n".join(_row(row, widths) for row in rows)


def _row(row: tuple[str, ...], widths: list[int]) -> str:
    cells = [
        cell.ljust(width) if n in (0, 1, 5, 6) else cell.rjust(width)
        for n, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def keep(lines: list[Line], facts: dict[str, Any]) -> None:
    """Write the JSON; parts that were not run keep what they had."""
    before: list[dict[str, Any]] = []
    if RESULTS.exists():
        ran = {line.part for line in lines}
        before = [line for line in json.loads(RESULTS.read_text())["lines"] if line["part"] not in ran]
    found = sorted(before + [asdict(line) for line in lines], key=lambda line: str(line["part"]))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"machine": facts, "lines": found}, indent=1, ensure_ascii=False) + "\n")
