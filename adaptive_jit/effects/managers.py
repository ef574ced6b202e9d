"""Context managers in whose body operations may run ahead of each other.

Entering them does nothing that an operation in another thread would miss or
trip over: no mode of the calling thread, no lock that an operation may take
again. Leaving them is up to the program; nothing is under way by then.

Re-entrant locks are not among them: an operation that takes the lock again,
in another thread, would wait for its caller, which waits for it. Semaphores
bound how much runs at once, which someone asked for. An `ExitStack` may be
given anything to enter while the body runs.
"""

from __future__ import annotations

import _thread
from typing import Any, Final

from adaptive_jit.effects.attributes import MISSING, class_member
from adaptive_jit.effects.catalogue_names import is_own

_CLASSES: Final = frozenset({
    "contextlib.suppress", "contextlib.nullcontext", "contextlib.closing",
    "_io.TextIOWrapper", "_io.BufferedReader", "_io.BufferedWriter", "_io.BufferedRandom",
    "_io.FileIO", "_io.StringIO", "_io.BytesIO",
    "gzip.GzipFile", "bz2.BZ2File", "lzma.LZMAFile", "zipfile.ZipFile", "tarfile.TarFile",
    "tempfile.TemporaryDirectory", "tempfile._TemporaryFileWrapper",
    "tempfile.SpooledTemporaryFile",
    "http.client.HTTPResponse", "urllib.response.addinfourl",
    "httpx.Client", "requests.sessions.Session", "requests.models.Response",
    "openai.OpenAI", "openai.lib.azure.AzureOpenAI", "anthropic.Anthropic",
    "concurrent.futures.thread.ThreadPoolExecutor",
})  # fmt: skip
"""Of subclasses nothing is known."""


def enters_quietly(manager: Any) -> bool:
    """Whether *manager* is of a known class, unpatched."""
    kind = type(manager)
    if kind is _thread.LockType:
        return True
    home = kind.__module__
    if type(home) is not str or f"{home}.{kind.__qualname__}" not in _CLASSES:
        return False
    for name in ("__enter__", "__exit__"):
        member = class_member(kind, name)
        if member is MISSING or not is_own(member, home):
            return False
    return True
