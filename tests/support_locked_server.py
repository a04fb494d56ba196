"""A PostgreSQL server as an office has one: it asks for passwords, and can prove with a certificate who it is."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import keyring
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from keyring.backend import KeyringBackend
from postgres_server import Server, _group, _user, programs
from support_programs import leave_out

OWNER, PASSWORD = "ann", "s3cret: word/@"
NAME = "127.0.0.1"


@dataclass
class LockedServer:
    """`certificate` is what a PC checks it by; everybody but the tests' own user signs in with a password."""

    server: Server
    certificate: Path

    def new_database(self) -> str:
        """The name of an empty database of ann's."""
        name = self.server.new_database().rpartition("/")[2]
        self.server.sql(f"ALTER DATABASE {name} OWNER TO {OWNER}")
        return name


@contextmanager
def locked_server(folder: Path) -> Iterator[LockedServer]:
    """One that runs while the block does; the certificate lies in `folder`."""
    found = programs()
    assert found is not None, "no PostgreSQL on this machine"
    server = Server(found)
    try:
        certificate, key = folder / "server.crt", folder / "server.key"
        write_certificate(certificate, key)
        for path in (certificate, key):
            own = server.data / path.name
            shutil.copy(path, own)
            own.chmod(0o600)
            if os.geteuid() == 0:
                shutil.chown(own, _user(), _group())
        server.sql(f"CREATE ROLE {OWNER} LOGIN CREATEROLE PASSWORD '{PASSWORD}'")
        server.sql("CREATE ROLE weak LOGIN PASSWORD 'weak'")
        rules = server.data / "pg_hba.conf"
        asked = "host all ann,weak,counterfoil_office 127.0.0.1/32 scram-sha-256\nhost all stranger 127.0.0.1/32 reject\n"
        rules.write_text(asked + rules.read_text(encoding="utf-8"), encoding="utf-8")
        if not server.sql("SHOW ssl_library")[0][0]:
            leave_out(["postgres with TLS"])
        server.sql("ALTER SYSTEM SET ssl = on")
        server.sql("SELECT pg_reload_conf()")
        while server.sql("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") != [(True,)]:
            time.sleep(0.01)
        yield LockedServer(server, certificate)
    finally:
        server.remove()


def write_certificate(certificate: Path, key_file: Path) -> None:
    """A certificate for this machine, and its key, as `openssl req -x509` makes them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    start = datetime.now(UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(NAME))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


class Keys(KeyringBackend):
    """A key store of a PC, as long as the test."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@contextmanager
def key_store() -> Iterator[Keys]:
    """This PC's key store while the block runs; passwords that were only typed are forgotten after it."""
    before, keys = keyring.get_keyring(), Keys()
    keyring.set_keyring(keys)
    try:
        yield keys
    finally:
        keyring.set_keyring(before)
        os.environ.pop("COUNTERFOIL_SERVER_PASSWORDS", None)
