"""Undeclared calls of the real litellm, where it is installed: it is too heavy to be asked for."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from model_runs import run
from world.model_service import ModelService

from adaptive_jit.effects import catalogue_models

# Asked before the import: the library would fetch its price list from the network.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
litellm = pytest.importorskip("litellm", reason="litellm (200 MB) is not installed")
models: Any = pytest.importorskip("programs.models_litellm")

pytestmark = pytest.mark.filterwarnings("default")

PROVIDERS = {
    "anthropic": "", "deepseek": "/v1", "gemini": "", "groq": "/v1", "hosted_vllm": "/v1",
    "mistral": "/v1", "ollama": "", "ollama_chat": "", "openai": "/v1", "openrouter": "/v1",
    "together_ai": "/v1", "xai": "/v1",
}  # fmt: skip
"""What stands before the paths of each provider's service."""

MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": [{"type": "text", "text": "hello"}], "name": "ada"},
    {"role": "assistant", "content": "yes", "tool_calls": None},
    {"role": "user", "content": "and then?"},
]
TOOLS = [
    {
        "type": "function",
        "function": {"name": "look", "parameters": {"type": "object", "properties": {}}},
    }
]


@pytest.fixture(scope="module")
def service() -> Iterator[ModelService]:
    """Serve on the loopback interface."""
    running = ModelService()
    yield running
    running.close()


@pytest.mark.parametrize("name", ["ask_litellm", "embed_litellm"])
def test_litellm_overlaps(service: ModelService, name: str) -> None:
    """Completions and embeddings."""
    run(service, getattr(models, name), lambda: (service.url,), 5)


def _listener(*_: Any) -> None:
    """Somebody listens."""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("success_callback", [_listener]),
        ("callbacks", [_listener]),
        ("input_callback", [_listener]),
        ("pre_call_rules", [lambda _: True]),
        ("max_budget", 5.0),
    ],
)
def test_listeners_keep_the_order(service: ModelService, name: str, value: Any) -> None:
    """What is installed in the module is asked at each start."""
    with mock.patch.object(litellm, name, value):
        run(service, models.ask_litellm, lambda: (service.url,), 0, calls=2)


def test_the_names_of_listeners_are_the_library_s() -> None:
    """A renamed list of callbacks would go unnoticed."""
    assert all(hasattr(litellm, name) for name in catalogue_models._LISTENERS)


def test_streams_and_patches_keep_the_order(service: ModelService) -> None:
    """Answers that arrive in pieces; a function that a test or an instrumentation replaced."""
    run(service, models.stream_litellm, lambda: (service.url,), 0, calls=2)
    original = litellm.completion

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return original(*args, **kwargs)

    with mock.patch.object(litellm, "completion", wrapper):
        run(service, models.ask_litellm, lambda: (service.url,), 0, calls=2)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_known_provider_leaves_its_arguments_alone(service: ModelService, provider: str) -> None:
    """Whatever its service says to the request."""
    messages, tools = copy.deepcopy(MESSAGES), copy.deepcopy(TOOLS)
    stop = ["."]
    service.reset()
    try:
        litellm.completion(
            model=f"{provider}/small", messages=messages, tools=tools, stop=stop,
            api_base=service.url + PROVIDERS[provider], api_key="none", num_retries=0, timeout=5,
            drop_params=True,
        )  # fmt: skip
    except Exception as error:
        print(error)
    assert service.requests, "nothing was asked"
    assert (messages, tools, stop) == (MESSAGES, TOOLS, ["."])
