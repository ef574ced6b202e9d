"""Runs tests in forks of a process that has imported the libraries already.

Reads lines of JSON: the folder of a copy of the repository, the arguments for
pytest, a limit in seconds, and the file for what it prints. Answers each with
the exit status, ``null`` after the limit. Nothing of the copy is imported here.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import sys
import time
import traceback
import warnings

LIBRARIES = """
    aiohttp anthropic asyncio backoff boto3 botocore.auth bs4 celery click distributed fastapi greenlet google.genai
    httpx hypothesis hypothesis.strategies langchain_core langchain_core.language_models langchain_core.messages
    loky numpy ollama openai pandas psutil psycopg pytest _pytest.pytester pytest_benchmark.plugin
    pytest_timeout redis requests rich.console
    scipy.stats sqlalchemy sqlalchemy.orm sqlite3 tenacity tqdm urllib3 xml.etree.ElementTree
""".split()  # fmt: skip


def main() -> None:
    """Import what tests import, then run what is asked for."""
    sys.path.pop(0)  # this folder
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in sys.argv[1:] or LIBRARIES:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    gc.collect()
    gc.freeze()  # else each fork would search, and so copy, all that was imported
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(asked)
        print(json.dumps(_status(child, asked["limit"])), flush=True)


def _run(asked: dict[str, object]) -> None:
    import pytest

    folder, output = str(asked["folder"]), str(asked["output"])
    os.setsid()
    os.chdir(folder)
    os.environ["PYTHONPATH"] = folder
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.path.insert(0, folder)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(written, 1)
    os.dup2(written, 2)
    status = 70
    try:
        status = int(pytest.main(list(asked["arguments"])))  # type: ignore[call-overload]
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _status(child: int, limit: float) -> int | None:
    """Wait for *child*; end it and what it has started after *limit* seconds."""
    end = time.monotonic() + limit
    pause = 0.01
    status: int | None = None
    while time.monotonic() < end:
        done, state = os.waitpid(child, os.WNOHANG)
        if done:
            status = os.waitstatus_to_exitcode(state)
            break
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if status is None:
        os.waitpid(child, 0)
    return status


if __name__ == "__main__":
    main()
