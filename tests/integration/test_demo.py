"""The demo and its service."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import openai
import pytest

from adaptive_jit.cli import demo, demo_service


@pytest.fixture(scope="module")
def url():
    with demo_service.running(seed=3) as address:
        yield address


def test_the_service_answers_the_real_openai_client(url: str):
    """Chat, embeddings, models and errors have the form that the client reads."""
    with openai.OpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0) as client:
        question = [{"role": "user", "content": "sound?"}]
        first = client.chat.completions.create(model="dune-mini", messages=question)
        again = client.chat.completions.create(model="dune-mini", messages=question)
        assert first.choices[0].message.content == again.choices[0].message.content
        vectors = client.embeddings.create(model="e", input=["a", "b"], encoding_format="float")
        assert [len(entry.embedding) for entry in vectors.data] == [8, 8]
        assert "borealis" in {model.id for model in client.models.list()}
        with pytest.raises(openai.NotFoundError, match="does not exist"):
            client.chat.completions.create(model="none", messages=question)


def test_the_service_keeps_connections_and_counts_flights(url: str):
    """Requests in flight are counted, so that overlap can be shown without a clock."""
    with httpx.Client(base_url=url) as client, ThreadPoolExecutor(3) as pool:
        client.get("/flights")
        assert client.get("/delay/1").http_version == "HTTP/1.1"
        assert client.get("/flights").json() == {"delay": 1}
        list(pool.map(lambda _: client.get("/delay/100"), range(3)))
        assert client.get("/flights").json() == {"delay": 3}
        assert client.get("/nothing/here").status_code == 404


def test_latencies_depend_on_the_seed_and_the_request_only():
    """The same request takes the same time, so that two ways of calling can be compared."""
    one, same, other = (demo_service.Latency(seed) for seed in (1, 1, 2))
    assert one.seconds(1.0, "a") == same.seconds(1.0, "a")
    assert one.seconds(1.0, "a") != one.seconds(1.0, "b")
    assert one.seconds(1.0, "a") != other.seconds(1.0, "a")


def test_the_service_ends_with_its_block():
    """Nothing is left running."""
    with demo_service.running() as address:
        assert httpx.get(f"{address}/v1/models").status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{address}/v1/models")


def test_a_missing_client_is_named_with_the_command_that_installs_it(monkeypatch, capsys):
    """Without the extra the demo says what to install, in one line, and exits with 1."""
    found = demo.find_spec
    monkeypatch.setattr(demo, "find_spec", lambda n: None if n == "openai" else found(n))
    assert demo.main([]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [
        'the demo uses the openai client: pip install "adaptive-jit[demo]"'
    ]


def test_an_unknown_program_is_refused(capsys):
    """The message lists the programs that there are, and the exit code is that of wrong usage."""
    with pytest.raises(SystemExit) as raised:
        demo.main(["--only", "nothing"])
    assert raised.value.code == 2
    assert "ensemble" in capsys.readouterr().err


def run_demo(*arguments: str) -> str:
    """What the demo prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "adaptive_jit", "demo", *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_one_program_of_the_demo_runs_ahead_and_is_explained():
    """The fan-out is switched, its results stay equal, and the report says so."""
    shown = run_demo("--only", "dashboard")
    assert "every result equal" in shown
    assert "▲" in shown
    assert "settled parallel" in shown


@pytest.mark.slow
def test_the_whole_demo_shows_a_gain_a_refusal_and_a_revert():
    """Three programs gain, the chain and the loop that computes do not, one is tried and undone."""
    shown = run_demo()
    assert "every result equal" in shown
    assert shown.count("settled parallel") >= 3
    assert shown.count("settled direct") + shown.count("left alone") >= 3
