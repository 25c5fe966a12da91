"""What the operating system says of our processes and of itself (Linux: /proc)."""

import os
import platform
import resource
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def cores() -> list[int]:
    """The cores that we may use."""
    return sorted(os.sched_getaffinity(0))


def server_core() -> set[int]:
    """Where the measured server runs: the first core."""
    return {cores()[0]}


def load_core() -> set[int]:
    """Where the load comes from: the last core, another one if there is one."""
    return {cores()[-1]}


def _stat(pid: int) -> list[str]:
    text = Path(f"/proc/{pid}/stat").read_text()
    return text[text.rindex(")") + 2 :].split()


def cpu(pid: int) -> float:
    """Seconds of processor time of one process."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICK


def descendants(pid: int) -> list[int]:
    """Running processes below this one, itself excluded."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
            except OSError:
                continue
    found, todo = [], [pid]
    while todo:
        children = parents.get(todo.pop(), [])
        found += children
        todo += children
    return found


def family_cpu(pid: int) -> float:
    """Seconds of a process and all below it, those that have ended included."""
    total = 0.0
    for each in (pid, *descendants(pid)):
        try:
            total += sum(map(int, _stat(each)[11:15])) / TICK
        except OSError:
            continue
    return total


def resident(pid: int) -> int:
    """Bytes of memory that a process has resident, shared pages included."""
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


def is_python(pid: int) -> bool:
    """True if the process runs a Python interpreter."""
    return "python" in os.path.basename(os.readlink(f"/proc/{pid}/exe"))


def raise_file_limit(wanted: int = 16_000) -> int:
    """Allow this many open files, as far as the system lets us; the limit in force."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft = wanted if hard == resource.RLIM_INFINITY else min(hard, max(soft, wanted))
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return soft


def fsync_ms(folder: Path, times: int = 100) -> float:
    """Median milliseconds of writing and syncing 8 kB, which every commit waits for."""
    path, took = folder / ".fsync", []
    with open(path, "wb", buffering=0) as file:
        for _ in range(times):
            began = time.perf_counter()
            file.write(b"x" * 8192)
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - began)
    path.unlink()
    return sorted(took)[times // 2] * 1000


def facts() -> dict[str, object]:
    """The machine, for the record."""
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cores": len(cores()),
        "processor": model[0].split(":", 1)[1].strip() if model else platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0],
    }
