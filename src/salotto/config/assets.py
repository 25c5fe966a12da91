"""Static files: hashed, minified, compressed; collected when something changed."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import rjsmin
from django.contrib.staticfiles.finders import get_finders
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage as AnyStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

from salotto import __version__

PACKAGE = Path(__file__).resolve().parent.parent
STAMP = ".stamp"
IGNORED = [".*", "*~", "*.map"]
UNUSED = ["ext", "htmax-*", "htmx-2*", "htmx-4.js"]  # of django-htmx, which brings every edition


class Storage(CompressedManifestStaticFilesStorage):
    """Hashed names, and imports between our ES modules rewritten to them."""

    support_js_module_import_aggregation = True


def _sources() -> Iterator[tuple[str, AnyStorage]]:
    """Each file once, `(path below /static/, where it lies)`: the first finder's wins."""
    seen = set()
    for finder in get_finders():
        for path, storage in finder.list([*IGNORED, *UNUSED]):
            if path not in seen:
                seen.add(path)
                yield path, storage


def stamp() -> str:
    """Changes with the version and with any static file's path, size or time."""
    digest = hashlib.sha256(__version__.encode())
    for path, storage in sorted(_sources(), key=lambda source: source[0]):
        status = Path(storage.path(path)).stat()
        digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def is_current(root: Path, wanted: str) -> bool:
    """True if `root` was collected completely from exactly these files."""
    try:
        return (root / STAMP).read_text() == wanted
    except OSError:
        return False


def collect(root: Path) -> bool:
    """Collect into `root` when something changed; True if it did.

    The files are made in a folder of their own and take the place of the old ones in one
    step: whoever interrupts this leaves the old state. `root` is a link to that folder.
    """
    wanted = stamp()
    if is_current(root, wanted):
        return False
    fresh = root.with_name(f"{root.name}-{wanted[:12]}")
    shutil.rmtree(fresh, ignore_errors=True)
    _fill(fresh)
    (fresh / STAMP).write_text(wanted)
    _point(root, fresh)
    for old in root.parent.glob(f"{root.name}-*"):
        if old != fresh:
            shutil.rmtree(old, ignore_errors=True)
    return True


def _point(root: Path, fresh: Path) -> None:
    link = root.with_name(f".{root.name}.{os.getpid()}")
    link.unlink(missing_ok=True)
    link.symlink_to(fresh.name)
    if root.is_dir() and not root.is_symlink():  # made by hand, or by an older version
        shutil.rmtree(root)
    link.replace(root)


def _fill(folder: Path) -> None:
    folder.mkdir(parents=True)
    target = Storage(location=str(folder))
    paths: dict[str, Any] = {}
    for path, source in _sources():
        with source.open(path) as content:
            target.save(path, _ready(path, source, content))
        paths[path] = (target, path)
    for _, _, processed in target.post_process(paths):
        if isinstance(processed, Exception):
            raise processed


def _ready(path: str, source: AnyStorage, content: "File[Any]") -> "File[Any]":
    ours = Path(source.path(path)).is_relative_to(PACKAGE)
    if not (ours and path.endswith(".js")):
        return content
    text = content.read()
    text = text.decode() if isinstance(text, bytes) else text
    return ContentFile(str(rjsmin.jsmin(text)).encode())
