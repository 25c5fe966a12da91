"""An OAuth 2 provider of the tests: consents for whoever asks, and takes consent back."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qs, urlsplit

HOST = "127.0.0.1"


class Provider:
    """`consent` is the person in the browser; `withdraw` what they may do later."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.codes: dict[str, dict[str, str]] = {}
        self.refreshing: set[str] = set()
        self.access: dict[str, str] = {}
        self.lasts = 3600
        self.asked: list[dict[str, str]] = []
        handler = type("Handler", (_Handler,), {"provider": self})
        self._server = ThreadingHTTPServer((HOST, 0), handler)
        self.url = f"http://{HOST}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def consent(self, url: str) -> dict[str, str]:
        """What the browser brings back to us after the person has said yes."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        code = token_hex(8)
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def withdraw(self) -> None:
        """Every token is void."""
        self.refreshing.clear()
        self.access.clear()

    def answer(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The token endpoint."""
        self.asked.append(form)
        if form["grant_type"] == "authorization_code":
            asked = self.codes.pop(form["code"], None)
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if asked is None or asked["code_challenge"] != challenge:
                return 400, {"error": "invalid_grant"}
        elif form["refresh_token"] not in self.refreshing:
            return 400, {"error": "invalid_grant", "error_description": "Token has been revoked."}
        return 200, self._tokens()

    def _tokens(self) -> dict[str, Any]:
        refresh, access = token_hex(8), token_hex(8)
        self.refreshing.add(refresh)
        self.access[access] = self.address
        claims = base64.urlsafe_b64encode(json.dumps({"email": self.address}).encode()).decode().rstrip("=")
        return {
            "access_token": access,
            "refresh_token": refresh,
            "expires_in": self.lasts,
            "token_type": "Bearer",
            "id_token": f"e30.{claims}.c2ln",
        }


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._say(*self.provider.answer({name: values[0] for name, values in parse_qs(body).items()}))

    def do_GET(self) -> None:
        """Dovecot asks whose token it is."""
        token = parse_qs(urlsplit(self.path).query, keep_blank_values=True).get("access_token", [""])[0]
        known = self.provider.access.get(token)
        self._say(*((200, {"email": known}) if known else (401, {"error": "invalid_token"})))

    def _say(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@contextmanager
def provider(address: str) -> Iterator[Provider]:
    """A provider for the length of the block, where everybody is `address`."""
    made = Provider(address)
    try:
        yield made
    finally:
        made.close()
