"""The file of effects fits the library."""

from pathlib import Path

from adaptive_jit.testing import effect_word, effects_file_problems

import acme_search

FILE = Path(acme_search.__file__).with_name("effects.toml")


def test_the_file_is_right() -> None:
    """Well formed, and each name is in the installed library."""
    assert effects_file_problems(FILE, "acme_search") == []


def test_calls_have_their_effects() -> None:
    """Found as a running program finds them: through the entry point."""
    client = acme_search.Client("http://127.0.0.1:9")
    assert effect_word(client.search, "tea", limit=3) == "reads"
    assert effect_word(client.add, {"title": "tea"}) == "writes"
    assert effect_word(client.follow) == "unknown"
    assert effect_word(acme_search.normalise, "Green  TEA") == "pure"
