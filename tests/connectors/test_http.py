"""Faults at the HTTP boundary, from a real server on loopback."""

from __future__ import annotations

import ipaddress
import ssl
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from interlock.config import HttpSettings
from interlock.errors import ConfigurationError, ContractBroken, LoginRefused, RateLimited, Refused, SystemUnavailable
from interlock.http import LEEWAY, Http, Throttle

QUICK = HttpSettings(connect_timeout=1, read_timeout=0.3, write_timeout=0.3, tries=3, backoff=0.01)


class Script(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen += 1
        self.server.authorization = self.headers.get("Authorization")
        step = self.server.script.pop(0) if self.server.script else 200
        if step == "reset":
            self.connection.close()
            return
        if step == "hang":
            self.server.gate.wait(2)
            return
        self.send_response({"html": 200, "busy": 429}.get(step, step))
        if step in {429, 423, 477} or self.server.again:
            self.send_header("Retry-After", self.server.again or "0.05")
        body = b"<html>" if step == "html" else b'{"ok": true}'
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Script)
    server.script, server.seen, server.gate, server.again = [], 0, threading.Event(), ""
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.gate.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A file with a key and the certificate it signed for itself."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "erp")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "erp.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + built.public_bytes(Encoding.PEM))
    return file


def door(server):
    return Http(f"http://127.0.0.1:{server.server_port}", QUICK, "The ERP")


def secured(server, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return Http(f"https://127.0.0.1:{server.server_port}", QUICK, "The ERP")


@pytest.mark.parametrize("fault", [408, 423, 477, 500, 502, 503, 429, "reset", "hang", "html"])
def test_a_safe_call_is_repeated(server, fault):
    server.script = [fault, fault]
    assert door(server).call("POST", "/", safe=True, json={}) == {"ok": True}
    assert server.seen == 3


@pytest.mark.parametrize("fault", [408, 500, 503, "reset", "hang", "html"])
def test_a_write_is_sent_once_and_its_fate_is_unknown(server, fault):
    server.script = [fault]
    with pytest.raises(SystemUnavailable, match="The ERP") as error:
        door(server).call("POST", "/", safe=False, json={})
    assert error.value.sent
    assert server.seen == 1


@pytest.mark.parametrize("status", [423, 429, 477])
def test_a_limited_write_had_no_effect_and_says_how_long_to_wait(server, status):
    server.script = [status]
    with pytest.raises(RateLimited) as error:
        door(server).call("POST", "/", safe=False, json={})
    assert error.value.retry_after == 0.05
    assert server.seen == 1


@pytest.mark.parametrize(("status", "error"), [(400, Refused), (409, Refused), (401, LoginRefused), (403, LoginRefused)])
def test_a_definite_no_is_not_repeated(server, status, error):
    server.script = [status]
    with pytest.raises(error):
        door(server).call("POST", "/", safe=True, json={})
    assert server.seen == 1


def test_a_page_that_stays_is_not_the_api(server):
    server.script = ["html"] * 3
    with pytest.raises(ContractBroken):
        door(server).call("POST", "/", safe=True, json={})


def test_without_a_time_to_wait_a_second_is_meant(server):
    server.script = ["busy"]
    with pytest.raises(RateLimited) as error:
        door(server).call("POST", "/", safe=False, json={})
    assert error.value.retry_after == 1


def test_a_time_to_wait_may_be_a_date(server):
    server.script, server.again = ["busy"], format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    with pytest.raises(RateLimited) as error:
        door(server).call("POST", "/", safe=False, json={})
    assert 25 < error.value.retry_after <= 30


@pytest.mark.parametrize("nonsense", ["soon", "nan", "-5"])
def test_a_time_to_wait_that_is_none_is_short(server, nonsense):
    server.script, server.again = ["busy"], nonsense
    with pytest.raises(RateLimited) as error:
        door(server).call("POST", "/", safe=False, json={})
    assert 0 < error.value.retry_after <= 1


def test_maintenance_that_tells_its_end_is_waited_for(server):
    slept = []
    server.script, server.again = [503], "7"
    assert Http(door(server).base_url, QUICK, "The ERP", sleep=slept.append).call("POST", "/", safe=True) == {"ok": True}
    assert slept == [7]


def test_a_certificate_nobody_trusts_names_the_cure(server, certificate):
    there = secured(server, certificate)
    with pytest.raises(ConfigurationError, match=r"^The ERP: its certificate is not trusted.*REQUESTS_CA_BUNDLE"):
        there.call("POST", "/", safe=False, json={})
    assert server.seen == 0


def test_a_trusted_certificate_is_enough(server, certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    assert secured(server, certificate).call("POST", "/", safe=False, json={}) == {"ok": True}


def test_no_tls_there_is_a_fault_not_a_setting(server):
    with pytest.raises(SystemUnavailable):
        Http(f"https://127.0.0.1:{server.server_port}", QUICK, "The ERP").call("POST", "/", safe=False, json={})


def test_an_error_names_the_path_but_no_record(server):
    server.script = [500]
    with pytest.raises(SystemUnavailable, match=r"^The ERP /crm/objects/2026-03/notes/\{id\} answers 500$"):
        door(server).call("POST", "/crm/objects/2026-03/notes/4711", safe=False, json={"name": "Muster"})


def test_a_netrc_entry_does_not_replace_our_login(server, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    door(server).call("POST", "/", safe=True, json={}, headers={"Authorization": "Bearer ours"})
    assert server.authorization == "Bearer ours"


def test_the_servers_clock_is_known_after_an_answer(server):
    there = door(server)
    there.call("POST", "/", safe=True, json={})
    assert abs((datetime.now(UTC) - there.server_time).total_seconds()) < 5


def test_nobody_there_means_nothing_was_sent(server):
    with pytest.raises(SystemUnavailable) as error:
        Http("http://127.0.0.1:9", QUICK, "The ERP").call("POST", "/", safe=False, json={})
    assert not error.value.sent


def test_the_quota_is_kept():
    now, slept = [0.0], []

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    throttle = Throttle(HttpSettings(requests=10, per_seconds=1), lambda: now[0], sleep)
    for _ in range(35):
        throttle.wait()
    assert now[0] == pytest.approx(3 * (1 + LEEWAY))
