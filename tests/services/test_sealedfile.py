"""Encrypted files: what went in comes out, and whatever was changed, cut or exchanged is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.errors import Cancelled, UserError
from app.models import sealedfile
from app.models.sealedfile import CHUNK, MAGIC, TAG, is_sealed, key_mark, passphrase_key, read_about, seal, unseal

PASSPHRASE = "four words are enough"
SALT = bytes(range(16))
ABOUT = {"number": 7, "office": "Müller & Sons"}


@pytest.fixture(scope="module")
def key() -> bytes:
    return passphrase_key(PASSPHRASE, SALT)


def sealed(folder: Path, key: bytes, content: bytes) -> Path:
    plain = folder / "plain"
    plain.write_bytes(content)
    seal(plain, folder / "sealed", key, SALT, ABOUT)
    return folder / "sealed"


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_was_sealed_comes_out_the_same_with_the_key(tmp_path: Path, key: bytes, size: int) -> None:
    content = bytes(i % 251 for i in range(min(size, 500))) * (size // 500 + 1)
    file = sealed(tmp_path, key, content[:size])
    unseal(file, tmp_path / "out", None, key)
    assert (tmp_path / "out").read_bytes() == content[:size]
    assert is_sealed(file) and not is_sealed(tmp_path / "out")
    assert read_about(file) == ABOUT


def test_the_passphrase_alone_opens_it_and_the_content_cannot_be_read_without(tmp_path: Path, key: bytes) -> None:
    file = sealed(tmp_path, key, b"Ann Ames, 5 Elm St" * 10)
    assert b"Ann Ames" not in file.read_bytes()
    unseal(file, tmp_path / "out", PASSPHRASE)
    assert (tmp_path / "out").read_bytes() == b"Ann Ames, 5 Elm St" * 10


@pytest.mark.parametrize("typed", ["Four words are enough", "four words are enough ", "short", "", None])
def test_another_passphrase_is_refused_in_a_sentence_and_leaves_nothing(
    tmp_path: Path, key: bytes, typed: str | None
) -> None:
    file = sealed(tmp_path, key, b"x" * 100)
    with pytest.raises(UserError, match="passphrase") as refused:
        unseal(file, tmp_path / "out", typed)
    assert refused.value.field == "passphrase"
    assert not (tmp_path / "out").exists()


def _content(raw: bytes) -> int:
    return len(MAGIC) + 4 + int.from_bytes(raw[len(MAGIC) : len(MAGIC) + 4], "big")


def _flip(raw: bytes, place: int) -> bytes:
    return raw[:place] + bytes((raw[place] ^ 1,)) + raw[place + 1 :]


def _first_chunk_again(raw: bytes) -> bytes:
    start, size = _content(raw), CHUNK + TAG
    return raw[: start + size] + raw[start : start + size] + raw[start + 2 * size :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: _flip(raw, 0),
        lambda raw: _flip(raw, len(MAGIC) + 1),
        lambda raw: _flip(raw, len(MAGIC) + 20),
        lambda raw: raw.replace(b'"number": 7', b'"number": 8'),
        lambda raw: _flip(raw, _content(raw)),
        lambda raw: _flip(raw, len(raw) - 1),
        lambda raw: raw[:-1],
        lambda raw: raw[: _content(raw) + CHUNK + TAG],
        lambda raw: raw[: _content(raw)],
        lambda raw: raw[:10],
        lambda raw: b"",
        lambda raw: raw + b"\0",
        _first_chunk_again,
    ],
)
def test_whatever_was_changed_or_cut_off_is_noticed(tmp_path: Path, key: bytes, damage) -> None:  # type: ignore[no-untyped-def]
    file = sealed(tmp_path, key, b"books" * CHUNK)
    raw = file.read_bytes()
    changed = damage(raw)
    assert changed != raw
    file.write_bytes(changed)
    with pytest.raises(UserError):
        unseal(file, tmp_path / "out", None, key)
    assert not (tmp_path / "out").exists()


def test_a_stopped_one_leaves_nothing_behind(tmp_path: Path, key: bytes) -> None:
    file = sealed(tmp_path, key, b"x" * 100)
    with pytest.raises(Cancelled):
        unseal(file, tmp_path / "out", None, key, cancelled=lambda: True)
    with pytest.raises(Cancelled):
        seal(tmp_path / "plain", tmp_path / "second", key, SALT, ABOUT, cancelled=lambda: True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plain", "sealed"]


def test_no_file_is_written_over(tmp_path: Path, key: bytes) -> None:
    file = sealed(tmp_path, key, b"x" * 100)
    (tmp_path / "out").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        unseal(file, tmp_path / "out", None, key)
    assert (tmp_path / "out").read_bytes() == b"mine"


def test_the_same_file_sealed_twice_is_two_different_files(tmp_path: Path, key: bytes) -> None:
    one = sealed(tmp_path, key, b"x" * 100)
    seal(tmp_path / "plain", tmp_path / "again", key, SALT, ABOUT)
    assert one.read_bytes()[-50:] != (tmp_path / "again").read_bytes()[-50:]


def test_a_short_passphrase_is_refused_and_a_mark_says_nothing_of_its_key(key: bytes) -> None:
    with pytest.raises(UserError, match="at least 10 characters"):
        passphrase_key("123456789", SALT)
    assert key_mark(key) == key_mark(key) != key_mark(bytes(32))
    assert key_mark(key) not in key.hex()
    assert sealedfile.new_salt() != sealedfile.new_salt()
