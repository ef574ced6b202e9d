"""Draws a document as HTML that needs nothing else: no script, no font, no request.

Colours are given as shades of the surrounding text colour wherever possible,
so that the same fragment reads well on light and dark notebooks.
"""

from __future__ import annotations

from html import escape

from adaptive_jit.reporting.document import (
    Align,
    Bars,
    Block,
    Document,
    Grid,
    Heading,
    Inline,
    Paragraph,
    Span,
    Title,
    Tone,
)

STYLE = """
.adaptive-jit{font:14px/1.5 system-ui,sans-serif;max-width:72rem;
 --good:#1a7f37;--caution:#9a6700;--bad:#cf222e}
@media (prefers-color-scheme:dark){.adaptive-jit{--good:#3fb950;--caution:#d29922;--bad:#f85149}}
.adaptive-jit h2{font-size:1.15em;margin:1.6em 0 .3em;border-bottom:1px solid #8886}
.adaptive-jit h2 small{float:right;font-weight:normal;opacity:.65}
.adaptive-jit h3{font-size:1em;margin:1.1em 0 .2em}
.adaptive-jit p{margin:.1em 0}
.adaptive-jit .wide{overflow-x:auto}
.adaptive-jit table{border-collapse:collapse;margin:.3em 0}
.adaptive-jit th,.adaptive-jit td{padding:.15em .8em .15em 0;text-align:left;vertical-align:top;
 background:none;white-space:nowrap}
.adaptive-jit th{font-weight:normal;opacity:.65}
.adaptive-jit .right{text-align:right;font-variant-numeric:tabular-nums}
.adaptive-jit td.detail{font-size:.92em;padding-bottom:.3em;white-space:normal}
.adaptive-jit .strong{font-weight:600}
.adaptive-jit .dim{opacity:.65}
.adaptive-jit .code{font-family:ui-monospace,monospace;white-space:pre-wrap}
.adaptive-jit .good{color:var(--good);font-weight:600}
.adaptive-jit .caution{color:var(--caution)}
.adaptive-jit .bad{color:var(--bad);font-weight:600}
.adaptive-jit .bar{display:inline-block;height:.75em;background:currentColor}
""".strip()

BAR_EM = 24


def fragment(document: Document) -> str:
    """Return *document* as one element with its own style, for a notebook."""
    body = "\n".join(map(_block, document))
    return f'<div class="adaptive-jit">\n<style>\n{STYLE}\n</style>\n{body}\n</div>'


def page(document: Document, title: str) -> str:
    """Return *document* as a complete HTML page."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n</head>\n<body>\n{fragment(document)}\n</body>\n</html>\n"
    )


def _block(block: Block) -> str:
    if isinstance(block, Title):
        place = f"<small>{escape(block.place)}</small>" if block.place else ""
        return f"<h2>{place}{escape(block.text)}</h2>"
    if isinstance(block, Heading):
        return f"<h3>{escape(block.text)}</h3>"
    if isinstance(block, Paragraph):
        indent = f' style="margin-left:{block.indent / 2:g}em"' if block.indent else ""
        return f"<p{indent}>{_inline(block.content)}</p>"
    return _bars(block) if isinstance(block, Bars) else _grid(block.filled())


def _inline(content: Inline) -> str:
    return "".join(map(_span, content))


def _span(span: Span) -> str:
    text = escape(span.text)
    if span.tone is Tone.PLAIN or not text:
        return text
    element = "code" if span.tone is Tone.CODE else "span"
    return f'<{element} class="{span.tone}">{text}</{element}>'


def _bars(block: Bars) -> str:
    longest = max(bar.value for bar in block.bars)
    rows = []
    for bar in block.bars:
        size = BAR_EM * bar.value / longest if longest > 0 else 0
        drawn = f'<span class="bar {bar.tone}" style="width:{size:.1f}em"></span>'
        rows.append(
            f'<tr><td class="dim">{escape(bar.label)}</td><td>{drawn}</td>'
            f"<td>{escape(bar.caption)}</td></tr>"
        )
    return "<table>" + "".join(rows) + "</table>"


def _grid(block: Grid) -> str:
    sides = ["" if c.align is Align.LEFT else ' class="right"' for c in block.columns]
    head = "".join(
        f"<th{side}>{escape(column.title)}</th>"
        for column, side in zip(block.columns, sides, strict=True)
    )
    rows = []
    for row in block.rows:
        cells = zip(row.cells, sides, strict=True)
        rows.append("<tr>" + "".join(f"<td{side}>{_span(c)}</td>" for c, side in cells) + "</tr>")
        if row.details:
            details = "<br>".join(map(_inline, row.details))
            span = len(block.columns) - 1
            rows.append(f'<tr><td></td><td class="detail" colspan="{span}">{details}</td></tr>')
    body = "\n".join(rows)
    return f'<div class="wide"><table>\n<tr>{head}</tr>\n{body}\n</table></div>'
