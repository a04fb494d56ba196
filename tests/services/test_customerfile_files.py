"""The customer list as a file: rows together, header, encoding, good and bad rows apart."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import pytest
from customer_lists import (
    CUTOVER,
    GOOD,
    HEADER,
    VISA,
    account_of,
    as_csv,
    only_column,
    only_reason,
    read_bytes,
    read_rows,
    refusal_of,
)

from app.errors import UserError
from app.services.customerfile import (
    CustomerFile,
    RowProblem,
    read_customer_file,
    write_good_rows,
    write_problem_report,
)

# Whole rows


def test_every_problem_of_every_row_is_reported_and_the_others_are_read(tmp_path: Path) -> None:
    bad = GOOD | {"name": "", "kind": "farm", "opened_on": "soon"}
    file = read_rows(tmp_path, GOOD | {"name": "First"}, bad, GOOD | {"name": "Last"}, bad | {"name": "X"})
    assert [account.name for account in file.accounts] == ["First", "Last"]
    assert [(problem.line, problem.column) for problem in file.problems] == [
        (3, "name"),
        (3, "kind"),
        (3, "opened_on"),
        (5, "kind"),
        (5, "opened_on"),
    ]


def test_the_line_is_where_the_row_starts_also_after_line_breaks_in_cells(tmp_path: Path) -> None:
    first = GOOD | {"notes": "one\ntwo\r\nthree\rfour"}
    file = read_rows(tmp_path, first, GOOD | {"kind": "farm"}, GOOD | {"name": "Last"})
    assert file.accounts[0].notes == "one\ntwo\nthree\nfour"
    assert [problem.line for problem in file.problems] == [6]
    assert [account.line for account in file.accounts] == [2, 7]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_ending_counts_as_one_line(tmp_path: Path, ending: str) -> None:
    content = as_csv(GOOD, GOOD | {"kind": "farm"}).replace("\r\n", ending)
    assert [problem.line for problem in read_bytes(tmp_path, content.encode()).problems] == [3]


def test_an_old_number_is_used_once(tmp_path: Path) -> None:
    rows = [GOOD | {"old_number": number, "name": f"N{place}"} for place, number in enumerate(["7", "8", "7", "", ""])]
    file = read_rows(tmp_path, *rows)
    assert file.problems == (RowProblem(4, "old_number", "7", "line 2 has this number already"),)
    assert len(file.accounts) == 4


def test_a_number_of_a_bad_row_is_still_taken(tmp_path: Path) -> None:
    file = read_rows(tmp_path, GOOD | {"old_number": "7", "kind": "farm"}, GOOD | {"old_number": "7"})
    assert [(problem.line, problem.column) for problem in file.problems] == [(2, "kind"), (3, "old_number")]


def test_a_row_that_comes_twice_is_reported_once(tmp_path: Path) -> None:
    file = read_rows(tmp_path, GOOD | {"old_number": "7"}, GOOD | {"old_number": "7"})
    assert file.problems == (RowProblem(3, "", "7", "the same row as line 2"),)


@pytest.mark.parametrize(("change", "word"), [(-1, "too few"), (1, "too many")])
def test_a_row_with_the_wrong_number_of_cells_is_reported(tmp_path: Path, change: int, word: str) -> None:
    cells = ["x"] * (len(HEADER) + change)
    file = read_bytes(tmp_path, (as_csv(GOOD) + ",".join(cells) + "\n").encode())
    ((line, column, reason),) = [(p.line, p.column, p.reason) for p in file.problems]
    assert (line, column, len(file.accounts)) == (3, "", 1)
    assert word in reason


def test_empty_rows_are_skipped_and_counted(tmp_path: Path) -> None:
    content = as_csv(GOOD) + "," * (len(HEADER) - 1) + "\n\n   \n" + as_csv(GOOD | {"name": "B"}).split("\r\n", 1)[1]
    file = read_bytes(tmp_path, content.encode())
    assert [account.line for account in file.accounts] == [2, 6]
    assert file.notes == ("Empty rows skipped: 2.",)


def test_five_hundred_characters_are_the_most_a_cell_may_have(tmp_path: Path) -> None:
    assert len(account_of(tmp_path, notes="n" * 500).notes) == 500
    assert only_column(tmp_path, notes="n" * 501) == "notes"


def test_a_cell_beyond_what_the_csv_module_takes_costs_only_its_row(tmp_path: Path) -> None:
    file = read_rows(tmp_path, GOOD | {"notes": "n" * 200_000}, GOOD)
    assert [problem.line for problem in file.problems] == [2]
    assert [account.line for account in file.accounts] == [3]


@pytest.mark.parametrize(
    ("column", "text", "word"),
    [
        ("name", "An\x00na", "NUL"),
        ("notes", "An\x00na", "NUL"),
        ("name", "Anna\nB", "line break"),
        ("notes", "bell\x07", "control"),
        ("name", "bell\x07", "control"),
    ],
)
def test_control_characters_are_refused(tmp_path: Path, column: str, text: str, word: str) -> None:
    assert word in only_reason(tmp_path, **{column: text})


def test_a_quotation_mark_never_closed_costs_only_its_own_line(tmp_path: Path) -> None:
    lines = as_csv(*(GOOD | {"name": f"N{n}"} for n in range(200))).split("\r\n")
    lines[2] = lines[2].replace("N1", '"N1')
    file = read_bytes(tmp_path, "\r\n".join(lines).encode())
    assert [(problem.line, problem.column) for problem in file.problems] == [(3, "")]
    assert "never closed" in file.problems[0].reason
    assert [account.line for account in file.accounts] == [2, *range(4, 202)]


def test_a_quotation_mark_open_at_the_end_of_the_file_costs_only_its_own_line(tmp_path: Path) -> None:
    content = as_csv(GOOD) + '"open,residential\n' + as_csv(GOOD | {"name": "B"}).split("\r\n", 1)[1]
    file = read_bytes(tmp_path, content.encode())
    assert [problem.line for problem in file.problems] == [3]
    assert [account.line for account in file.accounts] == [2, 4]


def test_a_quotation_mark_that_is_not_doubled_is_reported(tmp_path: Path) -> None:
    file = read_bytes(tmp_path, (as_csv(GOOD) + '"Anna "Nan" B",residential\n').encode())
    assert [(problem.line, problem.reason) for problem in file.problems] == [
        (3, "a quotation mark inside a quoted cell must be doubled")
    ]


# The whole file


@pytest.mark.parametrize(("delimiter", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_semicolons_and_tabs_are_recognised_and_remarked_upon(tmp_path: Path, delimiter: str, name: str) -> None:
    file = read_bytes(tmp_path, as_csv(GOOD | {"notes": "a, b"}, delimiter=delimiter).encode())
    assert file.accounts[0].notes == "a, b"
    assert file.notes == (f"The columns are separated by {name}.",)


def test_utf8_is_read_with_and_without_its_mark(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig"):
        file = read_bytes(tmp_path, as_csv(GOOD).encode(encoding))
        assert (file.accounts[0].name, file.notes) == ("Anna Ødegaard", ())


def test_windows_1252_is_read_and_remarked_upon(tmp_path: Path) -> None:
    file = read_bytes(tmp_path, as_csv(GOOD | {"name": "José “Pepe” Ødegaard"}).encode("cp1252"))
    assert file.accounts[0].name == "José “Pepe” Ødegaard"
    assert "Windows-1252" in file.notes[0]


def test_a_utf8_letter_cut_off_at_the_very_end_is_not_utf8(tmp_path: Path) -> None:
    content = as_csv(GOOD).encode() + as_csv(GOOD | {"name": "B", "notes": "x"}).encode().split(b"\r\n")[1][:-1]
    assert "Windows-1252" in read_bytes(tmp_path, content + "é".encode()[:1]).notes[0]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"\r\n  \r\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"PK\x03\x04 and so on", "workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "workbook"),
        ("name,kind".encode("utf-16"), "UTF-16"),
        ("name,kind".encode("utf-16-le"), "not text"),
        (b"name\x81\x8d,kind", "not text"),
        (b'"name,kind\r\n', "header"),
        (b"name," * 2_000, "columns"),
        (b"name,kind\r\n" + b"x" * 1_000_001, "lacks"),
    ],
)
def test_a_file_that_is_no_list_is_refused_as_a_whole(tmp_path: Path, content: bytes, word: str) -> None:
    assert word in refusal_of(tmp_path, content)


def test_a_line_of_a_million_characters_is_refused(tmp_path: Path) -> None:
    content = as_csv(GOOD).encode() + b"x" * 1_000_000
    assert "Line 3" in refusal_of(tmp_path, content)


def test_a_path_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.csv", tmp_path, tmp_path / "nul\x00.csv", tmp_path / ("n" * 5000)):
        with pytest.raises(UserError):
            read_customer_file(path, CUTOVER)


def test_a_header_without_customers_is_remarked_upon(tmp_path: Path) -> None:
    file = read_bytes(tmp_path, as_csv().encode())
    assert file == CustomerFile((), (), ("The file has a header but no customers.",))


@pytest.mark.parametrize(
    ("unknown", "near"),
    [
        ("e_mial", "email"),
        ("adress1", "address1"),
        ("service2_montly", "service2_monthly"),
        ("open3_du", "open3_due"),
    ],
)
def test_an_unknown_column_is_refused_with_the_nearest(tmp_path: Path, unknown: str, near: str) -> None:
    message = refusal_of(tmp_path, as_csv(header=[*GOOD, unknown]).encode())
    assert f'"{unknown}"' in message
    assert f"did you mean {near}?" in message


def test_an_unknown_column_like_no_other_is_refused_too(tmp_path: Path) -> None:
    assert "docs/customer-csv.md" in refusal_of(tmp_path, as_csv(header=[*GOOD, "qqqq"]).encode())
    assert "service0_name" in refusal_of(tmp_path, as_csv(header=[*GOOD, "service0_name"]).encode())


@pytest.mark.parametrize("column", ["name", "kind", "delivery", "status", "opened_on"])
def test_a_missing_required_column_is_refused(tmp_path: Path, column: str) -> None:
    header = [name for name in HEADER if name != column]
    assert f"lacks the column {column}." in refusal_of(tmp_path, as_csv(header=header).encode())


@pytest.mark.parametrize("column", ["service2_billed_through", "open1_due", "credit_date", "credit"])
def test_a_group_of_columns_is_complete_or_refused(tmp_path: Path, column: str) -> None:
    header = [name for name in HEADER if name != column]
    assert f"lacks the column {column}." in refusal_of(tmp_path, as_csv(header=header).encode())


def test_a_column_without_a_name_or_there_twice_is_refused(tmp_path: Path) -> None:
    assert "Column 7" in refusal_of(tmp_path, as_csv(header=[*GOOD, ""]).encode())
    assert "email stands twice" in refusal_of(tmp_path, as_csv(header=[*GOOD, "Email"]).encode())


# Good and bad rows in files of their own


def mixed_file(folder: Path) -> tuple[Path, CustomerFile]:
    path = folder / "mixed.csv"
    content = as_csv(
        GOOD | {"name": "=1+1", "notes": "a\nb"},
        GOOD | {"kind": "farm", "autopay": "card", "method_label": VISA, "notes": "x\ny"},
        GOOD | {"name": "Third"},
        delimiter=";",
    )
    path.write_bytes(content.encode("cp1252") + b"too;few\r\n" + b"too;many" + b";" * len(HEADER) + b"\r\n")
    return path, read_customer_file(path, CUTOVER)


def read_cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def test_the_good_rows_alone_read_as_the_same_accounts(tmp_path: Path) -> None:
    path, file = mixed_file(tmp_path)
    write_good_rows(path, tmp_path / "good.csv", file)
    good = read_customer_file(tmp_path / "good.csv", CUTOVER)
    assert (good.problems, good.notes) == ((), ())
    assert [dataclasses.replace(account, line=0) for account in good.accounts] == [
        dataclasses.replace(account, line=0) for account in file.accounts
    ]
    assert [account.name for account in good.accounts] == ["=1+1", "Third"]


def test_the_bad_rows_are_written_with_their_problems(tmp_path: Path) -> None:
    path, file = mixed_file(tmp_path)
    write_problem_report(path, tmp_path / "bad.csv", file)
    header, first, few, many = read_cells(tmp_path / "bad.csv")
    assert header == [*HEADER, "problem"]
    cells = dict(zip(header, first, strict=True))
    assert (cells["name"], cells["notes"]) == ("Anna Ødegaard", "x\ny")
    assert cells["problem"].startswith("method_label: ")
    assert "; kind: " in cells["problem"]
    assert few[:2] == ["too", "few"]
    assert few[-1].startswith("row: too few cells")
    assert many[:2] == ["too", "many"]
    assert many[len(HEADER)].startswith("row: too many cells")


def test_a_card_number_is_masked_in_the_report_of_bad_rows(tmp_path: Path) -> None:
    path, file = mixed_file(tmp_path)
    write_problem_report(path, tmp_path / "bad.csv", file)
    assert VISA not in (tmp_path / "bad.csv").read_text("utf-8-sig")
    assert "**** **** **** 4242" in (tmp_path / "bad.csv").read_text("utf-8-sig")


def test_a_report_is_read_again_once_rows_are_right_and_the_problem_is_emptied(tmp_path: Path) -> None:
    path, file = mixed_file(tmp_path)
    write_problem_report(path, tmp_path / "bad.csv", file)
    header, first, *_ = read_cells(tmp_path / "bad.csv")
    right = dict(zip(header, first, strict=True)) | {"kind": "business", "method_label": "Visa ending 4242"}
    untouched = read_bytes(tmp_path, as_csv(right, header=header).encode())
    assert [(problem.column, problem.line) for problem in untouched.problems] == [("problem", 2)]
    emptied = read_bytes(tmp_path, as_csv(right | {"problem": ""}, header=header).encode())
    assert len(emptied.accounts) == 1


def test_a_report_of_a_report_has_one_problem_column(tmp_path: Path) -> None:
    path, file = mixed_file(tmp_path)
    write_problem_report(path, tmp_path / "bad.csv", file)
    again = read_customer_file(tmp_path / "bad.csv", CUTOVER)
    write_problem_report(tmp_path / "bad.csv", tmp_path / "worse.csv", again)
    header, first, *_ = read_cells(tmp_path / "worse.csv")
    assert header.count("problem") == 1
    assert "problem: put the row right" in first[-1]


def test_a_list_that_changed_since_it_was_read_is_not_split(tmp_path: Path) -> None:
    path, file = mixed_file(tmp_path)
    path.write_text(as_csv(GOOD), encoding="utf-8")
    for write in (write_good_rows, write_problem_report):
        with pytest.raises(UserError, match="changed"):
            write(path, tmp_path / "out.csv", file)
    assert [left.name for left in tmp_path.iterdir()] == ["mixed.csv"]


def test_rows_are_never_written_over_their_source_or_into_nowhere(tmp_path: Path) -> None:
    path, file = mixed_file(tmp_path)
    before = path.read_bytes()
    with pytest.raises(UserError, match="over the file"):
        write_good_rows(path, path, file)
    with pytest.raises(UserError, match="cannot be written"):
        write_good_rows(path, tmp_path / "missing" / "out.csv", file)
    assert path.read_bytes() == before


# The user's documentation

MANUAL = Path(__file__).parents[2] / "docs" / "customer-csv.md"


@pytest.mark.parametrize(("which", "accounts"), [(1, 2), (2, 1)], ids=["billed in advance", "a member"])
def test_the_examples_in_the_manual_can_be_imported(tmp_path: Path, which: int, accounts: int) -> None:
    example = MANUAL.read_text(encoding="utf-8").split("```csv\n")[which]
    file = read_bytes(tmp_path, example.partition("```")[0].encode())
    assert (len(file.accounts), file.problems, file.notes) == (accounts, (), ())


def test_the_manual_names_every_column() -> None:
    manual = MANUAL.read_text(encoding="utf-8")
    assert [column for column in HEADER if "2_" not in column and f"`{column}`" not in manual] == []
