"""The commands of `python -m app`, thin: each parses its words and calls the services."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from app.errors import UserError


def _rehearse(arguments: argparse.Namespace) -> int:
    from app.services.rehearsal import rehearse

    passed = failed = 0
    for path in arguments.files:
        result = rehearse(path)
        passed, failed = passed + result.ok, failed + (not result.ok)
        if arguments.json:
            print(json.dumps(result.as_json(), ensure_ascii=False))
            continue
        print(f"{'ok' if result.ok else 'FAILED'}  {result.title}")
        for failure in result.failures:
            print(f"    event {failure.event}, {failure.key}: expected {failure.expected}, got {failure.got}")
    if not arguments.json:
        print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def parser() -> argparse.ArgumentParser:
    """The words that `python -m app` understands."""
    main = argparse.ArgumentParser(
        prog="python -m app", description="Counterfoil: the back office of a subscription business."
    )
    commands = main.add_subparsers(dest="command", required=True, metavar="COMMAND")
    rehearse = commands.add_parser("rehearse", help="play stories and say which expectations hold")
    rehearse.add_argument("files", nargs="+", type=Path, metavar="FILE")
    rehearse.add_argument("--json", action="store_true", help="print one JSON object a story")
    rehearse.set_defaults(run=_rehearse)
    return main


def run(words: list[str] | None = None) -> int:
    """Run one command; returns the exit code. A UserError is one sentence on the error stream."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    arguments = parser().parse_args(words)
    try:
        return int(arguments.run(arguments))
    except UserError as error:
        print(error.message, file=sys.stderr)
        return 2
