"""Records as JSON and back."""

import json
from dataclasses import replace

import pytest

from adaptive_jit.records import EffectKind, Phase
from adaptive_jit.records.codec import FORMAT, FormatError, decode, encode
from adaptive_jit.store.codec import from_text, to_text, without_literals
from tests.unit.reporting.samples import ANSWER, CPU_LOOP, REVERTED, operation


def test_every_record_survives():
    """Through real JSON, with enumerations, nested tuples and floats intact."""
    functions = (ANSWER, CPU_LOOP, REVERTED)
    assert decode(json.loads(json.dumps(encode(functions)))) == functions


def test_enumerations_come_back_as_such():
    """An equal string would compare equal, and fail later."""
    (stats,) = decode(json.loads(json.dumps(encode((ANSWER,)))))
    assert type(stats.phase) is Phase
    assert type(stats.operations[0].effect) is EffectKind
    assert type(stats.decision.p_inputs) is tuple


def test_a_field_that_came_later_takes_its_default():
    """New fields with a default do not make old data unreadable; unknown ones are ignored."""
    data = encode((CPU_LOOP,))
    del data["functions"][0]["source_hash"]
    data["functions"][0]["of_the_future"] = 1
    assert decode(data) == (CPU_LOOP,)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.update(format=FORMAT + 1),
        lambda data: data.update(library="another"),
        lambda data: data.update(functions={}),
        lambda data: data["functions"].append(None),
        lambda data: data["functions"][0].pop("name"),
        lambda data: data["functions"][0].update(calls="many"),
        lambda data: data["functions"][0].update(calls=True),
        lambda data: data["functions"][0].update(phase="unheard of"),
        lambda data: data["functions"][0].update(operations={}),
        lambda data: data["functions"][0]["operations"][0].update(effect="harmless"),
        lambda data: data["functions"][0]["operations"][0].update(effect=1),
        lambda data: data["functions"][0]["operations"][1].update(index=0),
        lambda data: data["functions"][0]["decision"].update(p_inputs=[1.0]),
    ],
)
def test_wrong_data_are_one_kind_of_error(damage):
    """Readers need to expect `FormatError` only."""
    data = json.loads(json.dumps(encode((ANSWER,))))
    damage(data)
    with pytest.raises(FormatError):
        decode(data)


@pytest.mark.parametrize("data", [None, [], "text", 1])
def test_other_json_is_not_a_report(data):
    with pytest.raises(FormatError, match="not a report"):
        decode(data)


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_damaged_row_is_a_format_error(text):
    with pytest.raises(FormatError):
        from_text(text)


@pytest.mark.parametrize(
    ("source", "stored"),
    [
        ("f(x, mode='r')", "f(x, mode='r')"),
        ("ask(model='small')", "ask(model='small')"),
        ("db.execute('SELECT name FROM users')", "db.execute('…')"),
        ("ask('You are a helpful pirate', x)", "ask('…', x)"),
        ("ask(f'Summarise this: {text!r}')", "ask(f'…{text!r}')"),
        ("login(b'sk-0123456789abcdefgh')", "login('…')"),
        ("get('https://host/path?key=secret')", "get('…')"),
        ("ask(f'Summarise this: {te", "ask(f'…'"),
        ("get(url, …", "get(url, …"),
    ],
)
def test_prompts_queries_and_keys_are_not_stored(source, stored):
    """Only short words stay; text that was cut off loses all from its first quote on."""
    assert without_literals(source) == stored


def test_odd_escapes_in_the_source_warn_nobody():
    """The store speaks at exit, about itself only."""
    assert without_literals(r"match('\d')") == r"match('\d')"


def test_a_row_hides_literals_and_keeps_the_rest():
    secret = operation(0, 3, "ask('my secret prompt')", "app.ask")
    stats = replace(ANSWER, operations=(secret,))
    text = to_text(stats)
    assert "secret" not in text
    assert from_text(text) == replace(stats, operations=(replace(secret, text="ask('…')"),))
