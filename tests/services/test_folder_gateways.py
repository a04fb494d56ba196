"""Letters and auto-pay requests in a folder: whole or not there, asked once, and a sentence when the disk refuses."""

from __future__ import annotations

import csv
import errno
import os
import stat
from datetime import date
from pathlib import Path

import pytest
from support_office import Diary

from app import wholefiles
from app.errors import OfficeFileError
from app.services import autopay
from app.services.gateways.autopay import DeclineListGateway, FolderGateway, Outcome
from app.services.gateways.mail import FolderMail, Letter

ON = date(2026, 11, 1)


def ask(gateway: FolderGateway, number: str = "100014", cents: int = 500, label: str = "Visa 4242") -> Outcome:
    key = f"{number}-2026-11-01"
    return gateway.charge(attempt_key=key, account_number=number, method="card", label=label, cents=cents)


def requests(gateway: FolderGateway) -> list[dict[str, str]]:
    with gateway.path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_request_that_is_in_the_file_is_not_made_again(tmp_path: Path) -> None:
    assert ask(FolderGateway(tmp_path, ON)).approved
    (tmp_path / "declined.txt").write_text("100014", encoding="utf-8")
    again = FolderGateway(tmp_path, ON)
    assert ask(again).approved, "what the processor said stands"
    assert [row["cents"] for row in requests(again)] == ["500"]


def test_a_request_cut_off_before_the_books_had_it_takes_the_amount_of_the_next_one(tmp_path: Path) -> None:
    gateway = FolderGateway(tmp_path, ON)
    ask(gateway)
    ask(gateway, "100025", 700)
    ask(FolderGateway(tmp_path, ON), cents=300)
    assert [(row["account"], row["cents"]) for row in requests(gateway)] == [("100014", "300"), ("100025", "700")]


@pytest.mark.parametrize("left", [-1, -2, -9, -30, 60, 20, 0])
def test_a_torn_end_of_the_file_is_dropped_and_what_was_whole_is_kept(tmp_path: Path, left: int) -> None:
    gateway = FolderGateway(tmp_path, ON)
    ask(gateway)
    ask(gateway, "100025", 700)
    content = gateway.path.read_bytes()
    gateway.path.write_bytes(content[:left] + b"\0" * (len(content) % 7))
    mended = FolderGateway(tmp_path, ON)
    known = [row["account"] for row in requests(mended)] if mended.path.exists() else []
    assert known == ["100014", "100025"][: len(known)]
    ask(mended)
    ask(mended, "100025", 700)
    assert gateway.path.read_bytes() == content


def test_a_label_is_one_cell_and_no_formula(tmp_path: Path) -> None:
    for n, label in enumerate(("=cmd|' /C calc'!A0", "two\nlines", 'a "quote", a comma', "\u2028\x85x")):
        ask(FolderGateway(tmp_path, ON), str(n), label=label)
        ask(FolderGateway(tmp_path, ON), str(n), label=label)
    labels = [row["label"] for row in requests(FolderGateway(tmp_path, ON))]
    assert labels == ["'=cmd|' /C calc'!A0", "two lines", 'a "quote", a comma', "x"]


def test_a_file_that_vanished_is_written_again_with_all_that_was_asked(tmp_path: Path) -> None:
    gateway = FolderGateway(tmp_path, ON)
    ask(gateway)
    gateway.path.unlink()
    ask(gateway, "100025", 700)
    assert [row["account"] for row in requests(gateway)] == ["100014", "100025"]


def test_a_letter_has_its_name_when_it_is_settled_and_many_settle_by_themselves(tmp_path: Path) -> None:
    mail = FolderMail(tmp_path, "Office", "o@office.example", ON)
    for n in range(201):
        mail.send(Letter(f"receipt-{n}", "Ann", "a@b.example", "S", "Body"))
    assert len(list(tmp_path.glob("*.eml"))) == 200
    mail.settle()
    assert len(list(tmp_path.glob("*.eml"))) == 201
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, ("is full", "make room")),
        (errno.EDQUOT, ("is full", "make room")),
        (errno.EACCES, ("cannot be written to", "permissions")),
        (errno.EROFS, ("cannot be written to", "permissions")),
        (errno.EIO, ("cannot be written", "check the disk")),
    ],
)
def test_what_the_system_refuses_is_a_sentence_with_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: tuple[str, ...]
) -> None:
    mail = FolderMail(tmp_path, "Office", "o@office.example", ON)
    gateway = FolderGateway(tmp_path, ON)
    ask(gateway)

    def refuse(_fd: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(wholefiles.os, "fsync", refuse)
    mail.send(Letter("receipt-1", "Ann", "a@b.example", "S", "Body"))
    for work in (mail.settle, lambda: ask(gateway, "100025")):
        with pytest.raises(OfficeFileError) as refused:
            work()
        assert all(word in refused.value.message for word in (*words, str(tmp_path)))
        assert refused.value.message.endswith(".")


def test_a_file_in_place_of_the_mail_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "mail").touch()
    with pytest.raises(OfficeFileError, match="cannot be written"):
        FolderMail(tmp_path / "mail", "Office", "o@office.example", ON)
    assert stat.S_ISREG((tmp_path / "mail").stat().st_mode)


def test_an_auto_pay_run_that_was_cut_off_counts_what_was_done_before() -> None:
    class LineDown(DeclineListGateway):
        """The line goes down at the third request."""

        asked = 0

        def charge(self, **known: object) -> Outcome:  # type: ignore[override]
            self.asked += 1
            if self.asked == 3:
                raise OSError("the line is down")
            return Outcome(self.asked == 1, "x")

    with Diary() as office:
        for n in range(4):
            office.on(1, 1).open(f"Home {n}", 1000, autopay="card")
        office.on(2, 1).bill()
        with pytest.raises(OSError, match="line"):
            autopay.run_autopay(office.books, office.desk, LineDown())
        done = autopay.run_autopay(office.books, office.desk, DeclineListGateway())
        assert (done.approved, done.declined) == (3, 1)
        assert office.sql("SELECT accounts, documents, cents FROM run WHERE what = 'autopay'") == [
            (4, 3, done.approved_cents)
        ]
        assert done.approved_cents == office.sql("SELECT sum(cents) FROM payment")[0][0]
        office.open("Home 5", 1000, autopay="card")
        again = autopay.run_autopay(office.books, office.desk, DeclineListGateway())
        assert (again.approved, again.declined) == (1, 0), "a run of its own on the same date counts its own"
