"""How commands show things: drawn for people, or as JSON for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adaptive_jit.reporting.display import Display

if TYPE_CHECKING:
    import argparse

    from adaptive_jit.reporting.document import Document


class Sheet(Display):
    """A document of a command, with the same content as plain data."""

    __slots__ = ("data", "document")

    def __init__(self, document: Document, data: dict[str, Any]) -> None:
        self.document = document
        self.data = data

    def as_dict(self) -> dict[str, Any]:
        """Return the content as plain data."""
        return self.data

    def _document(self, *, brief: bool) -> Document:  # noqa: ARG002 - there is one form
        return self.document


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Let *parser* accept ``--json``."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def show(display: Display, *, as_json: bool) -> None:
    """Print *display* to standard output."""
    if as_json:
        print(display.to_json())
    else:
        display.show()
