"""A long name with a comma: folding drops the quotes, and the letter goes to several recipients who do not exist."""

from __future__ import annotations

import email
import email.policy
from datetime import date
from pathlib import Path

import pytest

from app.services.gateways.mail import FolderMail, Letter

NAMES = (
    "Rushing Water Family Medicine, Obstetrics, Physical Therapy and Sports Rehabilitation Associates, P.C.",
    "Northern Plains & Black Hills Regional Veterinary Hospital and Large Animal Ambulatory Service, LLC",
    "Ann-Kathrin Müller-Lüdenscheidt, Bücher und Zeitschriften, Schreibwaren, Geschenke und Lotto am Marktplatz",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_letter_to_a_long_name_with_commas_has_one_recipient(tmp_path: Path, name: str) -> None:
    mail = FolderMail(tmp_path, "Office", "o@office.example", date(2026, 11, 1))
    mail.send(Letter("k", name, "a@b.example", "S", "Body"))
    mail.settle()
    letter = email.message_from_bytes((tmp_path / "k.eml").read_bytes(), policy=email.policy.default)
    assert [(to.display_name, to.addr_spec) for to in letter["To"].addresses] == [(name, "a@b.example")]
