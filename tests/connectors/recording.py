"""Replies of a real server, recorded once and played back: the contract of a system that the test run cannot start.

With `ODOO_URL` or `ESPOCRM_URL` set, tests speak to that server; with `RECORD=1` besides, what it answers is kept anew in
`recordings/SYSTEM/TEST.yaml`. A test that asks otherwise than when it was recorded fails and names the request.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import vcr

FOLDER = Path(__file__).parent / "recordings"
KEPT = {"content-type", "date", "location", "retry-after", "x-status-reason", "www-authenticate"}
MATCHED = ("method", "path", "query", "body")


@dataclass
class Tape:
    """What a test knows of its recording.

    live: a real server answers. url: where tests believe the server to be. now: the day and hour of the recording, or of the
    test where it is live. secrets: text -> what stands for it on tape.
    """

    live: bool
    url: str
    now: datetime
    secrets: dict[str, str] = field(default_factory=dict)

    def wait(self, seconds: float) -> None:
        """Let a real server's clock move on; a recorded one has moved already."""
        if self.live:
            time.sleep(seconds)


@contextmanager
def taped(system: str, test: str, secrets: Mapping[str, str], scrub: Callable[[str], str] = str) -> Iterator[Tape]:
    """Play a test's recording, or speak to the real server and record it if that is wanted.

    secrets: text that must not be kept -> what stands for it. scrub: what else a body must not tell.
    """
    address = os.environ.get(f"{system.upper()}_URL", "").rstrip("/")
    place, stand_in = FOLDER / system / f"{re.sub(r'[^A-Za-z0-9_.-]+', '_', test)}.yaml", f"http://{system}.test"
    if address and not os.environ.get("RECORD"):
        yield Tape(live=True, url=address, now=datetime.now(UTC), secrets=dict(secrets))
        return
    if not address and not place.exists():
        raise AssertionError(f"nothing was recorded for {system}: {test}; see CONTRIBUTING.md, Recordings")
    if address:
        place.unlink(missing_ok=True)
    host = {address.partition("://")[2]: f"{system}.test"} if address else {}  # as JSON writes it, with its slashes escaped
    replaced = {**({address: stand_in} if address else {}), **host, **secrets}
    now = datetime.now(UTC) if address else _recorded_at(place)

    def clean(value: str) -> str:
        for text, other in replaced.items():
            value = value.replace(text, other)
        return scrub(value)

    recorder = vcr.VCR(
        record_mode="all" if address else "none", match_on=MATCHED, decode_compressed_response=True,
        before_record_request=lambda request: _request(request, clean),
        before_record_response=lambda answer: _answer(answer, clean),
    )  # fmt: skip
    with recorder.use_cassette(str(place), allow_playback_repeats=False) as cassette:
        yield Tape(live=bool(address), url=address or stand_in, now=now, secrets=dict(secrets))
    if address and not place.exists():
        place.write_text("interactions: []\nversion: 1\n", encoding="utf-8")  # a test that asks for nothing
    if not address:
        left = cassette.play_count, len(cassette)
        assert left[0] == left[1], f"{test}: {left[1] - left[0]} recorded replies were not asked for"


def _recorded_at(place: Path) -> datetime:
    text = place.read_text(encoding="utf-8")
    found = re.search(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} [\d:]{8} GMT", text)
    return parsedate_to_datetime(found[0]) if found else datetime.now(UTC)


def _request(request: Any, clean: Callable[[str], str]) -> Any:
    request.uri = clean(request.uri)
    request.headers = {}
    if request.body:
        body = request.body.decode() if isinstance(request.body, bytes) else request.body
        request.body = clean(body).encode()
    return request


def _answer(answer: dict[str, Any], clean: Callable[[str], str]) -> dict[str, Any]:
    headers = {name: values for name, values in answer["headers"].items() if name.lower() in KEPT}
    text = answer["body"]["string"]
    body = clean(text.decode() if isinstance(text, bytes) else text)
    return {"status": answer["status"], "headers": headers, "body": {"string": body.encode()}}
