"""Benchmarks: `python -m app bench`. Never run by the tests; floors are small scripts beside the jobs."""
