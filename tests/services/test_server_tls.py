"""A server with a certificate, as README sets it up: the address says that it must be the right one, or nobody gets in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import postgres_server
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from postgres_server import Server, running
from support_programs import leave_out

from app.errors import OfficeFileError
from app.models import database, server, serverlook
from app.services import verification

pytestmark = pytest.mark.server_only


def certificate(name: str) -> tuple[bytes, bytes]:
    """A certificate that vouches for itself, made for a server's name as README has it made; and its key. PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    return made.public_bytes(pem), key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)


def secure(machine: Server, name: str) -> bytes:
    """Give a running server a certificate for a name, and let nobody in without encryption; the certificate."""
    if not machine.sql("SHOW ssl_library")[0][0]:
        leave_out(["postgres with TLS"])
    public, private = certificate(name)
    for file, content in (("server.crt", public), ("server.key", private)):
        path = machine.data / file
        path.write_bytes(content)
        path.chmod(0o600)
        if os.geteuid() == 0:
            shutil.chown(path, postgres_server._user(), postgres_server._group())
    (machine.data / "pg_hba.conf").write_text("hostssl all all all trust\n", encoding="utf-8")
    machine.sql("ALTER SYSTEM SET ssl = 'on'")
    machine.stop_at_once()
    machine.start()
    return public


@pytest.fixture
def machine() -> Iterator[Server]:
    with running() as found:
        yield found


def test_with_the_servers_certificate_an_office_works_encrypted_and_with_another_nobody_gets_in(
    machine: Server, tmp_path: Path
) -> None:
    plain = machine.new_database().replace("127.0.0.1", "localhost")
    server.create(server.server_url(plain)).close()
    with pytest.raises(OfficeFileError, match="offers no encryption"):
        database.open_office(f"{plain}?sslmode=require")

    mine, another = tmp_path / "server.crt", tmp_path / "another.crt"
    mine.write_bytes(secure(machine, "localhost"))
    another.write_bytes(certificate("localhost")[0])

    def address(root: Path, mode: str = "verify-full", host: str = "localhost") -> str:
        return f"{plain.replace('localhost', host)}?sslmode={mode}&sslrootcert={root.as_posix()}"

    look = serverlook.look(server.server_url(address(mine)), for_new=False)
    assert look.encryption.startswith("TLSv1.") and look.is_office
    with database.open_office(address(mine)) as books:
        assert verification.verify_office(books) == []
        assert books.changes_by_others() is None and books.changes_by_others() == frozenset()
    for wrong, said in (
        (address(another), "certificate does not fit"),
        (address(mine, host="127.0.0.1"), "certificate does not fit"),
        (address(tmp_path / "nowhere.crt"), "certificate file is not where the address says"),
        (f"{plain}?sslmode=disable", "does not let office in from this PC without encryption"),
    ):
        with pytest.raises(OfficeFileError, match=said):
            database.open_office(wrong)
    # The right certificate under another name: encrypted, and good enough for whoever does not ask for the name.
    database.open_office(address(mine, mode="verify-ca", host="127.0.0.1")).close()
