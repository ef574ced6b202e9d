"""The errors and warnings of this library, as one tree each.

::

    AdaptiveError
    ├── ConfigurationError (ValueError)     a setting or decorator argument is wrong
    ├── UnsupportedCallable (TypeError)     the object cannot be decorated
    ├── DeclarationError (TypeError)        an effect declaration makes no sense
    ├── StrategyUnavailable                 a strategy needs an extra that is not installed
    └── InternalError                       a bug of this library; please report it

    AdaptiveWarning (UserWarning)
    ├── CatalogueWarning                    a catalogue file of another distribution is wrong
    ├── ConfigurationWarning                an unknown setting; the nearest name is given
    ├── DeclarationWarning                  a declaration that the code contradicts
    ├── StoreWarning                        the memory between runs cannot be used
    └── FallbackWarning                     something of ours failed; the plain behaviour is in place

Errors are raised at decoration or when a public function is called with
arguments that cannot be right; never inside a call of a decorated function.
"""

from __future__ import annotations


class AdaptiveError(Exception):
    """The root of all errors that this library raises."""


class ConfigurationError(AdaptiveError, ValueError):
    """A setting, environment variable or decorator argument has a wrong value."""


class UnsupportedCallable(AdaptiveError, TypeError):
    """The object given to the decorator is not a function, method, coroutine function or class."""


class DeclarationError(AdaptiveError, TypeError):
    """An effect declaration was given something that is not callable, or a malformed resource."""


class StrategyUnavailable(AdaptiveError):
    """A strategy was named whose optional dependency is not installed."""


class InternalError(AdaptiveError):
    """A bug of this library. Please report it with the traceback."""


class AdaptiveWarning(UserWarning):
    """The root of all warnings of this library."""


class CatalogueWarning(AdaptiveWarning):
    """A catalogue file that another distribution ships is wrong or missing; it is ignored."""


class ConfigurationWarning(AdaptiveWarning):
    """An ``ADAPTIVE_JIT_*`` name is not known."""


class DeclarationWarning(AdaptiveWarning):
    """A declaration is contradicted by the code that it describes, and was refused."""


class StoreWarning(AdaptiveWarning):
    """The store of earlier runs is damaged, foreign, locked or not writable; it is ignored."""


class FallbackWarning(AdaptiveWarning):
    """Something of this library failed inside a call; the plain behaviour took its place."""
