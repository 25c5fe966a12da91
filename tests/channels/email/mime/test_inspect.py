"""`salotto email inspect`, as it is run."""

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.channels.email.mime.broken import CORPUS

KEYS = {
    "file", "message_id", "synthesised", "in_reply_to", "references", "from", "reply_to", "recipients",
    "delivered_to", "subject", "date", "text", "visible_text", "html", "attachments", "automatic",
    "automatic_reason", "bounce", "hops", "problems",
}  # fmt: skip


def inspect(*arguments: str, stdin: bytes = b"") -> tuple[int, str]:
    command = [sys.executable, "-m", "salotto", "email", "inspect", *arguments]
    given = {"PATH": "/usr/bin", "LC_ALL": "C"}
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=60, env=given, check=False)
    assert done.stderr == b""
    return done.returncode, done.stdout.decode()


def test_one_file_gives_an_object() -> None:
    code, out = inspect(str(CORPUS / "gmail-it.eml"))
    told = json.loads(out)
    assert code == 0
    assert set(told) == KEYS
    assert told["visible_text"] == "Perfetto, grazie mille.\n\nUn saluto"
    assert told["from"] == {"name": "Anna Rossi", "address": "anna@example.it"}
    assert told["date"] == "2026-03-02T09:00:00Z"


def test_several_files_give_a_list_in_their_order() -> None:
    names = [str(CORPUS / f"{name}.eml") for name in ("yandex", "gmail-de", "crlf")]
    code, out = inspect(*names)
    assert (code, [told["file"] for told in json.loads(out)]) == (0, names)


def test_lines_give_an_object_each() -> None:
    code, out = inspect("--lines", str(CORPUS / "gmail-ja.eml"), str(CORPUS / "crlf.eml"))
    found: list[Any] = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    first = [told["text"].split("\n")[0] for told in found]
    assert first == ["ありがとうございます。届きました。", "Line one"]


def test_a_dash_reads_standard_input() -> None:
    code, out = inspect("-", stdin=b"Subject: Hi\n\n\xff\0 broken")
    told = json.loads(out)
    assert (code, told["file"], told["subject"]) == (0, "-", "Hi")
    assert told["problems"]


def test_a_file_that_is_not_there_is_said_and_the_others_are_read(tmp_path: Path) -> None:
    code, out = inspect(str(tmp_path / "none.eml"), str(CORPUS / "crlf.eml"), str(tmp_path))
    first, second, third = json.loads(out)
    assert code == 1
    assert set(first) == set(third) == {"file", "error"}
    assert second["text"] == "Line one\nLine two"


def test_the_html_is_safe(tmp_path: Path) -> None:
    file = tmp_path / "x.eml"
    file.write_bytes(
        b'Content-Type: text/html\n\n<p onclick="x()">Hi<script>x()</script><img src="https://example.org/p">'
    )
    html = json.loads(inspect(str(file))[1])["html"]
    assert "Hi" in html
    assert "script" not in html and "onclick" not in html and "example.org" not in html


def test_very_long_html_needs_no_server_to_be_cut(tmp_path: Path) -> None:
    file = tmp_path / "x.eml"
    file.write_bytes(b"Content-Type: text/html\n\n" + b"<p>word word word word</p>\n" * 100_000)
    code, out = inspect(str(file))
    assert code == 0 and json.loads(out)["text"].startswith("word")


@pytest.mark.parametrize("name", ["gmail-it", "html-gmail", "invitation-alone"])
def test_it_takes_less_than_a_second_of_a_processor(name: str) -> None:
    before = used()
    inspect(str(CORPUS / f"{name}.eml"))
    assert used() - before < 1


def used() -> float:
    """The processor time of ended children, in seconds; the machine may be busy with other things."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
