"""A module of a package without ``__init__.py``."""


def clean(name):
    return name.strip()


def both(name):
    first = clean(name)
    second = clean(name + " ")
    return first, second
