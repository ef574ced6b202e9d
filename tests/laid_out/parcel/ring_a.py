"""Imports ring_b, which imports this."""

from . import ring_b


def there(name):
    first = ring_b.back(name)
    second = ring_b.back(name + name)
    return first, second


def back(name):
    return name[::-1]
