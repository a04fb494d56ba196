"""`python -m app bench`: each job and its floor, interleaved, every sample in a fresh process; ratios count."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from app.errors import UserError
from bench.sample import SIDES, Data
from bench.server import ADDRESS, address

# Job -> (figure, target). A figure is the project's median over the floor's.
TARGETS: dict[str, dict[str, float]] = {
    "billing": {"ratio": 1.5},
    "billing-pg": {"ratio": 1.3},
    "preview": {"ratio": 0.6},
    "statements": {"ratio": 0.45},
    "statement-files": {"ratio": 0.6},
    "refund-checks": {"ratio": 0.45},
    "search": {"ratio_p99": 0.1},
    "open-account": {"ratio": 2.0},
    "post-check": {"ratio": 3.0, "ratio_p99": 5.0},
    "aging": {"ratio": 1.3, "ratio_as_of": 2.5},
    "start": {"ratio": 2.0, "ratio_ready": 1.6},
}
# Preview and run are measured on the same file, and the run is the preview's floor.
_FLOOR_OF = {"preview": ("billing", "product")}
# Jobs that write into the copy `work`: the last copy is checked as an office is.
_WRITES = ("billing", "post-check")


def run_bench(accounts: int, jobs: tuple[str, ...] | None, *, as_json: bool, samples: int, folder: Path) -> int:
    """Measure the jobs at a size and report; returns 0 when every target is met, else 1."""
    # A server is measured when one is named; asked for without one, the job says what it needs.
    chosen = [job for job in TARGETS if job != "billing-pg" or ADDRESS in os.environ] if jobs is None else list(jobs)
    for job in chosen:
        if job not in TARGETS:
            raise UserError(f"There is no job “{job}”; the jobs are {', '.join(TARGETS)}.", field="only")
    if accounts < 100 or samples < 1:
        raise UserError("Measure at least 100 accounts and one sample.", field="accounts")
    if "billing-pg" in chosen:
        address()
    data = Data((folder / str(accounts)).resolve(), accounts)
    _say(as_json, f"Preparing offices of {accounts:,} accounts in {data.folder} (once; it takes a while) ...")
    subprocess.run([sys.executable, "-m", "bench.prepare", str(data.folder), str(accounts), *chosen], check=True)
    results = {job: _measure(job, data, samples, as_json) for job in chosen}
    report: dict[str, Any] = {
        "accounts": accounts,
        "machine": {
            "processor": _processor(),
            "python": platform.python_version(),
            "system": platform.platform(),
        },
        "jobs": results,
    }
    if {"billing", "preview"} & set(chosen):
        report["invoice"] = _size_of_an_invoice(data)
    if as_json:
        print(json.dumps(report, indent=1))
    else:
        _print(report)
    return 0 if all(result["met"] for result in results.values()) else 1


def _say(as_json: bool, text: str) -> None:
    print(text, file=sys.stderr if as_json else sys.stdout, flush=True)


def _sample(job: str, side: str, data: Data) -> dict[str, Any]:
    words = [sys.executable, "-m", "bench.sample", job, side, str(data.folder), str(data.accounts)]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _check(office: Path) -> None:
    """`python -m app check` on what a job left. Raises RuntimeError with what it says when it finds anything."""
    words = [sys.executable, "-m", "app", "check", "--office", str(office)]
    done = subprocess.run(words, check=False, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    if done.returncode:
        raise RuntimeError(f"{office.name}: {done.stdout[:2000]}")


def _measure(job: str, data: Data, samples: int, as_json: bool) -> dict[str, Any]:
    product, floor = [], []
    floor_job, floor_side = _FLOOR_OF.get(job, (job, "floor"))
    assert (job, "product") in SIDES
    for n in range(samples):
        _say(as_json, f"{job}: sample {n + 1} of {samples}")
        # Which side goes first alternates, so that neither always finds the machine warm.
        for side in ("product", "floor") if n % 2 == 0 else ("floor", "product"):
            if side == "product":
                product.append(_sample(job, "product", data))
                if job in _WRITES and n == samples - 1:
                    _check(data.work)
            else:
                floor.append(_sample(floor_job, floor_side, data))
    seconds, floor_seconds = [s["seconds"] for s in product], [s["seconds"] for s in floor]
    result: dict[str, Any] = {
        "seconds": [round(s, 4) for s in seconds],
        "floor_seconds": [round(s, 4) for s in floor_seconds],
        "ratio": round(statistics.median(seconds) / statistics.median(floor_seconds), 3),
        "peak_rss_mb": max((s["peak_rss_mb"] or 0) for s in product),
        "floor_peak_rss_mb": max((s["peak_rss_mb"] or 0) for s in floor),
    }
    if "latencies" in product[0]:
        result["ratio"] = round(_median_latency(product) / _median_latency(floor), 3)
        result["ratio_p99"] = round(_p99(product) / _p99(floor), 3)
        result["p50_ms"] = round(_median_latency(product) * 1000, 3)
        result["p99_ms"] = round(_p99(product) * 1000, 3)
        result["floor_p50_ms"] = round(_median_latency(floor) * 1000, 3)
        result["floor_p99_ms"] = round(_p99(floor) * 1000, 3)
    if "ready_seconds" in product[0]:
        ready, floor_ready = ([s["ready_seconds"] for s in samples_of] for samples_of in (product, floor))
        result["ready_seconds"] = [round(s, 4) for s in ready]
        result["floor_ready_seconds"] = [round(s, 4) for s in floor_ready]
        result["ratio_ready"] = round(statistics.median(ready) / statistics.median(floor_ready), 3)
    if "as_of_seconds" in product[0]:
        as_of = statistics.median(s["as_of_seconds"] for s in product)
        result["as_of_seconds"] = [round(s["as_of_seconds"], 4) for s in product]
        result["ratio_as_of"] = round(as_of / statistics.median(floor_seconds), 3)
    result["targets"] = TARGETS[job]
    result["met"] = all(result[figure] <= most for figure, most in TARGETS[job].items())
    return result


def _median_latency(samples: list[dict[str, Any]]) -> float:
    return float(statistics.median(statistics.median(sample["latencies"]) for sample in samples))


def _p99(samples: list[dict[str, Any]]) -> float:
    return float(statistics.median(statistics.quantiles(sample["latencies"], n=100)[98] for sample in samples))


def _size_of_an_invoice(data: Data) -> dict[str, float]:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(data.billed)) as connection:
        counted = {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("invoice", "line", "entry", "posting")
        }
    grown = data.billed.stat().st_size - data.office.stat().st_size
    invoices = counted["invoice"]
    return {
        "rows": round((counted["line"] + counted["posting"] + counted["entry"] + invoices) / invoices, 2),
        "bytes": round(grown / data.accounts),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def _print(report: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{report['accounts']:,} accounts, {report['machine']['processor']}", title_justify="left")
    for heading in ("Job", "Seconds (min-max)", "Floor (min-max)", "Ratio", "Target", "Peak MB", "Met"):
        table.add_column(heading, justify="left" if heading == "Job" else "right")
    for job, result in report["jobs"].items():
        figures = [f"{name} {result[name]}" for name in ("ratio", "ratio_p99", "ratio_as_of") if name in result]
        targets = [f"{name} {most}" for name, most in result["targets"].items()]
        table.add_row(
            job,
            _spread(result["seconds"]),
            _spread(result["floor_seconds"]),
            "\n".join(figures),
            "\n".join(targets),
            str(result["peak_rss_mb"]),
            "yes" if result["met"] else "NO",
        )
    console = Console()
    console.print(table)
    if "invoice" in report:
        console.print(f"An invoice: {report['invoice']['rows']} rows, {report['invoice']['bytes']} bytes in the file.")


def _spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.3f} ({min(seconds):.3f}-{max(seconds):.3f})"
