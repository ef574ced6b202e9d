"""Benchmarks: each module asks one question; ``python -m benchmarks [NAME ...]`` answers them."""
