"""How the arguments of model SDKs lower their effects, and what awaiting a coroutine would do.

Each builds on the common rule for SDKs (`catalogue_http.sdk`) and adds what one
library does besides: state that the server keeps under a name, local files
named in a prompt, callbacks installed in a module.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.catalogue_http import http, sdk
from adaptive_jit.effects.catalogue_rules import Lowering, Rule
from adaptive_jit.records.effects import EffectKind

if TYPE_CHECKING:
    from adaptive_jit.records.effects import Effect


def anthropic(rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """A message; one that names a container of the code tool works on state that is kept."""
    effect = sdk(rule, receiver, args, kwargs)
    extra = kwargs.get("extra_body")
    named = kwargs.get("container") or (type(extra) is dict and extra.get("container"))
    if effect.kind is not EffectKind.UNKNOWN and _is_kept(named):
        return rule.of_kind(EffectKind.WRITES)
    return effect


def openai_tools(
    rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Effect:
    """A response; a tool that names a container works on state that is kept."""
    effect = sdk(rule, receiver, args, kwargs)
    if effect.kind is EffectKind.UNKNOWN:
        return effect
    tools = kwargs.get("tools")
    for tool in tools if isinstance(tools, (list, tuple)) else ():
        if type(tool) is dict and type(tool.get("container")) is str:
            return rule.of_kind(EffectKind.WRITES)
    return effect


def ollama(rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """A call of a local model; an image that is given as text or path may be a local file."""
    effect = sdk(rule, receiver, args, kwargs)
    if effect.kind is EffectKind.UNKNOWN:
        return effect
    messages = kwargs.get("messages", args[1] if len(args) > 1 else None)
    shown = [kwargs.get("images")]
    if isinstance(messages, (list, tuple)):
        shown += [_field(message, "images") for message in messages]
    if any(_may_be_a_file(images) for images in shown):
        return rule.unknown("an image among its arguments may be a local file")
    return effect


def litellm(rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """A call of a known provider with known arguments, and nothing installed that listens."""
    state = sys.modules["litellm"].__dict__
    for name in _LISTENERS:
        if not _is_unset(state.get(name)):
            return rule.unknown(f"litellm.{name} is set")
    for name in kwargs:
        if name not in _LITELLM_ARGUMENTS:
            return rule.unknown(f"{name}= is not known to leave everything else alone")
    if len(args) > _LITELLM_POSITIONAL:
        return rule.unknown("it has more than two positional arguments")
    model = args[0] if args else kwargs.get("model")
    provider = kwargs.get("custom_llm_provider")
    if not _is_known_provider(model, provider):
        return rule.unknown("its provider is not one that is known to leave its arguments alone")
    return sdk(rule, receiver, args, kwargs)


def urllib3(rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """A request whose answer is read at once."""
    if kwargs.get("preload_content", True) is not True:
        return rule.unknown("its answer is not read at once")
    if not _URLLIB3_ARGUMENTS.issuperset(kwargs):
        return rule.unknown("an argument is not known")
    return http(rule, receiver, args, kwargs)


def urllib3_body(
    rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Effect:
    """A method of an answer whose body has arrived."""
    if args or kwargs:
        return rule.unknown("it is given arguments")
    if type(receiver.__dict__.get("_body")) is not bytes:
        return rule.unknown("the body of the answer has not been read yet")
    return rule.base


def coroutine(
    rule: Rule, _receiver: Any, _args: tuple[Any, ...], _kwargs: dict[str, Any]
) -> Effect:
    """The call itself: it only makes a coroutine, so it stays in order."""
    return rule.base


def awaited(rule: Rule, callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """What awaiting the coroutine of such a call would do; unknown where nothing is noted.

    *rule* is the rule of *callee*; for one that makes no coroutine this is the
    effect of the call.
    """
    if "awaited" not in rule.options:
        return rule.effect(callee, args, kwargs)
    known = _awaited.get(id(rule))
    if known is None or known[0] is not rule:
        known = _awaited[id(rule)] = (rule, _as_awaited(rule))
    return known[1].effect(callee, args, kwargs)


def _as_awaited(rule: Rule) -> Rule:
    from adaptive_jit.effects.catalogue_load import lowering

    entry = {name: value for name, value in rule.options.items() if name != "reason"}
    entry["effect"] = entry.pop("awaited")
    entry["lower"] = entry.pop("lower_awaited")
    lower = lowering(entry["lower"])
    return Rule(rule.name, rule.value, rule.owner, entry, rule.guard, rule.check, lower)


def _field(message: Any, name: str) -> Any:
    """A field of a message, given as a dict or as a model of the library."""
    state = message if type(message) is dict else getattr(message, "__dict__", {})
    return state.get(name)


def _is_kept(container: Any) -> bool:
    """Whether a container is named; one that is described anew, or left out, is not."""
    if type(container) is dict:
        container = container.get("id")
    return type(container) is str


def _may_be_a_file(images: Any) -> bool:
    if images is None:
        return False
    return type(images) not in (list, tuple) or any(type(one) is not bytes for one in images)


def _is_unset(value: Any) -> bool:
    return value is None or value is False or (type(value) in (list, tuple, float) and not value)


def _is_known_provider(model: Any, provider: Any) -> bool:
    if type(model) is not str or type(provider) not in (str, type(None)):
        return False
    if provider is not None:
        return provider in _PROVIDERS
    head, slash, _ = model.partition("/")
    return head in _PROVIDERS if slash else model.startswith(_MODEL_FAMILIES)


_LISTENERS = (
    "_async_failure_callback",
    "_async_input_callback",
    "_async_success_callback",
    "aclient_session",
    "cache",
    "callbacks",
    "client_session",
    "custom_provider_map",
    "failure_callback",
    "input_callback",
    "max_budget",
    "model_fallbacks",
    "modify_params",
    "post_call_rules",
    "pre_call_rules",
    "secret_manager_client",
    "service_callback",
    "success_callback",
)
"""Names in ``litellm`` that are empty unless the program has put something there."""

_PROVIDERS = frozenset(
    "anthropic deepseek gemini groq hosted_vllm mistral ollama ollama_chat openai openrouter "
    "together_ai xai".split()
)
"""Providers whose transformations copy messages before changing them (shown by tests)."""

_MODEL_FAMILIES = ("chatgpt-", "claude-", "gpt-", "o1", "o3", "o4", "text-embedding-")
"""Names without a provider that stand for models of OpenAI and Anthropic."""

_LITELLM_POSITIONAL = 2

_LITELLM_ARGUMENTS = frozenset(
    "model messages input timeout temperature top_p n stream stop max_completion_tokens "
    "max_tokens presence_penalty frequency_penalty logit_bias user reasoning_effort seed tools "
    "tool_choice logprobs top_logprobs parallel_tool_calls response_format base_url api_base "
    "api_version api_key max_retries num_retries extra_headers drop_params custom_llm_provider "
    "dimensions encoding_format thinking top_k".split()
)
"""Arguments that are data for the provider or for the request."""

_URLLIB3_ARGUMENTS = frozenset(
    "method url body fields headers json preload_content redirect retries timeout "
    "decode_content".split()
)

LOWERINGS: dict[str, Lowering] = {
    "anthropic": anthropic,
    "litellm": litellm,
    "ollama": ollama,
    "openai_tools": openai_tools,
    "urllib3": urllib3,
}
"""Lowerings that look at arguments only, but for the receiver's check."""

RECEIVING: dict[str, Lowering] = {"coroutine": coroutine, "urllib3_body": urllib3_body}
"""Lowerings that need the receiver itself, or stand for the call alone."""

_awaited: dict[int, tuple[Rule, Rule]] = {}
