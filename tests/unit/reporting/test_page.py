"""HTML: complete in itself, safe, and structured."""

import re
from dataclasses import replace
from html.parser import HTMLParser

from adaptive_jit.reporting import Explanation, Report
from tests.unit.reporting.samples import ANSWER, CPU_LOOP, GAINED, REVERTED

WITHOUT_P = replace(ANSWER, decision=replace(GAINED, p_inputs=None))
VOID = {"meta", "br"}


class Balance(HTMLParser):
    """Fails on an element that is not closed by its own end tag."""

    def __init__(self):
        super().__init__()
        self.open = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def parsed(html):
    parser = Balance()
    parser.feed(html)
    assert parser.open == []
    return parser.text


def test_a_page_needs_nothing_from_elsewhere():
    """No script, no link, no address of any kind: it opens offline and leaks nothing."""
    page = Report((WITHOUT_P, REVERTED, CPU_LOOP)).html()
    assert page.startswith("<!doctype html>")
    assert not re.search(r"<script|<link|<img|https?:|url\(|@import|@font-face", page)


def test_a_page_is_well_formed_and_complete():
    """A page has room for what a terminal's overview leaves out."""
    text = parsed(Report((WITHOUT_P, REVERTED, CPU_LOOP)).html())
    for part in ("runs ahead", "2.7–3.1", "search(question)", "History", "evidence 412 to 1"):
        assert part in text


def test_source_text_is_escaped():
    """Anyone's source may hold markup."""
    evil = replace(WITHOUT_P, name="<script>alert(1)</script>", reason="a < b & c")
    html = Explanation(evil).html()
    assert "<script" not in html
    assert "a &lt; b &amp; c" in html


def test_a_notebook_gets_a_fragment_that_keeps_its_style_to_itself():
    """Every rule is scoped, so that the notebook's own tables stay as they are."""
    fragment = Explanation(WITHOUT_P)._repr_html_()
    parsed(fragment)
    assert "<html" not in fragment
    style = re.search(r"<style>(.*?)</style>", fragment, re.DOTALL).group(1)
    selectors = re.findall(r"([^{}]+)\{", style.replace("@media (prefers-color-scheme:dark){", ""))
    assert selectors
    for selector in selectors:
        assert all(part.strip().startswith(".adaptive-jit") for part in selector.split(","))


def test_bars_are_to_scale():
    """The longest bar is as long as there is room, the others in proportion."""
    widths = [float(w) for w in re.findall(r"width:([\d.]+)em", Explanation(WITHOUT_P).html())]
    assert widths == [24.0, round(24 * 1.04 / 3.02, 1)]
