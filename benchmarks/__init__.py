"""Ratios against floors: `benchmarks/run`; what is measured and why: docs/performance.md."""
