"""Imports ring_a, which is half imported at that time."""

from . import ring_a


def back(name):
    first = ring_a.back(name)
    second = ring_a.back(first)
    return first + second
