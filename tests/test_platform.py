"""What must hold on every PC: Windows, the layers, the clock, and the Qt that is installed."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "app"
SOURCES = sorted(path for path in APP.rglob("*.py") if "__pycache__" not in path.parts)
QT_PARTS = ("PySide6-Essentials", "PySide6-Addons")
POSIX_ONLY = ("fcntl", "resource", "pwd", "grp", "termios", "pty", "tty", "crypt", "syslog", "spwd", "nis")


def run_python(code: str, *words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *words], cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False
    )


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def nodes(*packages: str) -> Iterator[tuple[Path, ast.AST]]:
    """Every node of the sources, or of those whose module is in one of the packages."""
    for path in SOURCES:
        if not packages or module_of(path).startswith(packages):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                yield path, node


def found(where: Path, node: ast.AST) -> str:
    return f"{where.relative_to(ROOT).as_posix()}:{getattr(node, 'lineno', 0)}: {ast.unparse(node)}"


def dotted(node: ast.AST) -> str:
    return ast.unparse(node) if isinstance(node, ast.Attribute | ast.Name) else ""


# Windows

BLOCKED = """
import importlib, os, pkgutil, sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ImportError(f"{name} is not there on Windows")

BLOCKED = sys.argv[1].split(",")
for name in BLOCKED:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Blocker())
for name in ("fork", "forkpty", "setuid", "getuid", "geteuid"):
    if hasattr(os, name):
        delattr(os, name)
import app
names = [module.name for module in pkgutil.walk_packages(app.__path__, "app.")]
for name in names:
    if not name.endswith("migrations.env"):  # Alembic runs it on a connection that it was given
        importlib.import_module(name)
        print(name)
"""


def test_every_module_imports_where_only_windows_modules_are() -> None:
    done = run_python(BLOCKED, ",".join(POSIX_ONLY))
    assert done.returncode == 0, done.stderr
    expected = {module_of(path) for path in SOURCES} - {"app", "app.models.migrations.env"}
    expected = {name for name in expected if (ROOT / name.replace(".", "/")).parent.joinpath("__init__.py").is_file()}
    assert expected <= set(done.stdout.split())


def test_the_blocker_of_that_test_does_block() -> None:
    done = run_python(BLOCKED.replace("import app\n", "import fcntl\nimport app\n"), ",".join(POSIX_ONLY))
    assert done.returncode == 1
    assert "fcntl is not there on Windows" in done.stderr


def test_no_source_uses_what_windows_lacks() -> None:
    gone = {"os.fork", "os.forkpty", "os.getuid", "os.geteuid", "os.setsid", "os.killpg", "os.mkfifo", "os.chown"}
    gone |= {"signal.SIGKILL", "signal.SIGTERM", "signal.SIGHUP", "signal.SIGALRM", "signal.alarm", "signal.signal"}
    assert [found(path, node) for path, node in nodes() if dotted(node) in gone] == []


def test_processes_are_only_ever_spawned() -> None:
    wrong, pools = [], 0
    for path, node in nodes():
        if not isinstance(node, ast.Call):
            continue
        name = dotted(node.func)
        if name.endswith(("get_context", "set_start_method")):
            if [ast.unparse(word) for word in node.args] != ["'spawn'"]:
                wrong.append(found(path, node))
        elif name.endswith("ProcessPoolExecutor"):
            pools += 1
            if "mp_context" not in [keyword.arg for keyword in node.keywords]:
                wrong.append(found(path, node))
        elif name.startswith("multiprocessing.") and name.endswith(("Process", "Pool", "Manager")):
            wrong.append(found(path, node))
    assert wrong == []
    assert pools >= 1, "the paper runs draw in processes; if they no longer do, this test has lost its subject"


def test_no_text_file_is_opened_in_the_encoding_of_the_pc() -> None:
    wrong = []
    for path, node in nodes():
        if not isinstance(node, ast.Call):
            continue
        given = {keyword.arg for keyword in node.keywords}
        words = [ast.unparse(word) for word in node.args]
        name = dotted(node.func) or getattr(node.func, "attr", "")
        binary = any("b" in word for word in words[:2] if word.startswith("'"))
        binary = binary or any(word.startswith("QIODevice.") for word in words) or name in ("action.open", "os.open")
        if name.endswith("read_text") and "encoding" not in given and not words:
            wrong.append(found(path, node))
        if name.endswith("write_text") and "encoding" not in given and len(words) < 2:
            wrong.append(found(path, node))
        shows_a_dialog = (
            name.endswith(".open") and not words and module_of(path).startswith(("app.views", "app.main", "app.screen"))
        )
        if (name == "open" or name.endswith(".open")) and "encoding" not in given and not binary and not shows_a_dialog:
            wrong.append(found(path, node))
    assert wrong == []


WINDOWS_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


def allowed_on_windows(name: str) -> bool:
    """Whether Windows takes a file or folder of this name."""
    return (
        not re.search(r'[<>:"/\\|?*\x00-\x1f]', name)
        and not name.endswith((" ", "."))
        and name.split(".")[0].casefold() not in WINDOWS_DEVICES
    )


def shipped() -> list[Path]:
    folders = ("app", "resources", "tests", "docs", "bench")
    return [path for folder in folders for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts]


def test_the_names_of_shipped_files_are_allowed_on_windows() -> None:
    assert not allowed_on_windows("a:b") and not allowed_on_windows("aux.toml") and not allowed_on_windows("end.")
    paths = shipped()
    assert [str(path) for path in paths if not allowed_on_windows(path.name)] == []
    assert [str(path) for path in paths if len(str(path.relative_to(ROOT))) > 140] == []


def test_no_two_shipped_files_differ_only_in_case() -> None:
    paths = [str(path.relative_to(ROOT)) for path in shipped()]
    assert len({path.casefold() for path in paths}) == len(paths)


# The clock and money


def test_services_and_models_never_take_the_day_from_the_clock() -> None:
    clocks = ("date.today", "datetime.today", "datetime.utcnow", "datetime.now", "time.time", "time.localtime")
    wrong = [
        found(path, node)
        for path, node in nodes("app.services", "app.models")
        if isinstance(node, ast.Call) and dotted(node.func).endswith(clocks)
    ]
    # When something was keyed is an instant in UTC; it enters at the desk and nowhere else.
    assert [line.partition(": ")[2] for line in wrong] == ["datetime.now(UTC)"], wrong
    assert wrong[0].startswith("app/services/desk.py:")


def test_money_never_becomes_a_float() -> None:
    # Drawing and printing measure in fractions of an inch, and the sample's dice in percent; neither is money. A
    # chart's bars and a spreadsheet's cells take floats only: cents are divided at the very last step there.
    elsewhere = (
        "app.services.documents",
        "app.services.sample_",
        "app.services.printermeasure",
        "app.services.spreadsheet",
        "app.services.reporting_files",
        "app.views.printing",
        "app.views.pdf_preview",
        "app.views.charts",
        "app.views.timeline",
        "app.views.dialogs.printer_test",
    )
    wrong = [
        found(path, node)
        for path, node in nodes()
        if not module_of(path).startswith(elsewhere) and isinstance(node, ast.Name) and node.id in ("float", "Decimal")
    ]
    assert wrong == []


# Layers


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from importlinter.cli import lint_imports; sys.path.insert(0, '.'); "
    return run_python(code + "sys.exit(lint_imports(no_cache=True, no_logo=True))", cwd=folder)


def test_imports_go_down_only() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 kept, 0 broken" in done.stdout


def test_each_contract_breaks_when_its_rule_is_broken(tmp_path: Path) -> None:
    shutil.copytree(APP, tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    (tmp_path / "app" / "views").mkdir(exist_ok=True)
    (tmp_path / "app" / "views" / "__init__.py").touch()
    planted = {
        "models/planted.py": "import app.services.desk\nimport PySide6.QtCore\n",
        "services/policies/planted.py": "import sqlalchemy\n",
        "services/planted.py": "import reportlab.pdfgen\n",
        "views/planted.py": "import app.models.base\n",
    }
    for name, body in planted.items():
        (tmp_path / "app" / name).write_text(body, encoding="utf-8")
    done = lint_imports(tmp_path)
    assert done.returncode == 1
    assert "0 kept, 5 broken" in done.stdout, done.stdout


def test_policies_import_only_the_ground_floor_and_themselves() -> None:
    graph = grimp.build_graph("app", include_external_packages=True, cache_dir=None)
    ground = {"app.errors", "app.money", "app.periods", "app.businessdays", "app.resources", "app.tomltext"}
    policies = {"app.services.policies", *graph.find_descendants("app.services.policies")}
    assert len(policies) > 5
    for module in policies:
        imported = graph.find_modules_directly_imported_by(module)
        foreign = {name for name in imported if name.startswith("app.")} - ground - policies
        assert foreign == set(), module
        assert {name.partition(".")[0] for name in imported} - {"app"} <= sys.stdlib_module_names, module


def test_no_two_modules_import_each_other() -> None:
    graph = grimp.build_graph("app", cache_dir=None)
    below = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    # Take away what imports nothing that is left; a circle is what remains.
    while ready := [module for module, imports in below.items() if not imports & below.keys()]:
        for module in ready:
            del below[module]
    assert sorted(below) == []


# Qt

VOID_CALLS = """
import sys
from PySide6.QtCore import QObject, QTimer
thing, timer = QObject(), QTimer()
before = sys.getrefcount(None)
for _ in range(20_000):
    thing.setObjectName("x")
    timer.stop()
print(before - sys.getrefcount(None))
"""


def numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])


@pytest.mark.parametrize("part", QT_PARTS)
def test_the_qt_that_loses_references_to_none_is_not_allowed(part: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"{part}>=6.8,<6.12" in project["dependencies"]
    assert (6, 8) <= numbers(version(part)) < (6, 12)


def test_the_parts_of_qt_are_of_one_version() -> None:
    assert len({version(part) for part in (*QT_PARTS, "shiboken6")}) == 1


def test_many_void_calls_into_qt_lose_no_reference_to_none() -> None:
    done = run_python(VOID_CALLS)
    assert done.returncode == 0, done.stderr
    if sys.version_info < (3, 12):  # from 3.12 on None is immortal and its count says nothing
        assert int(done.stdout) < 100, "PySide6 6.12.0 aborts after some thousands of void calls"
