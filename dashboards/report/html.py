"""A report as HTML: a document of its own, or what stands in a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from markupsafe import Markup, escape

from ...slo.report import Period, Report
from .blocks import Block, Heading, Paragraph, Plot, Table
from .content import blocks_of
from .plot import plot_svg

_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;font-size:.9em}"
    "th,td{padding:.25rem .6rem;border-bottom:1px solid #8884;text-align:left;vertical-align:top}"
    ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    "figure{margin:1rem 0}figcaption{font-size:.9em}svg{max-width:100%;height:auto}@media print{h2{break-before:auto}}"
)


def render_report_html(report: Report) -> str:
    """A document that needs nothing around it."""
    title = escape(f"SLO report, {Period.parse(report.period).name}")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{report_body(report)}\n</body>\n</html>\n"
    )


def report_body(report: Report) -> Markup:
    """What stands between the head and the foot of a page."""
    return Markup("\n").join(Markup("").join(_html(block)) for block in blocks_of(report))


def _html(block: Block) -> Iterator[Markup]:
    match block:
        case Heading(level, text):
            yield Markup("<h{0}>{1}</h{0}>").format(level, text)
        case Paragraph(text):
            yield Markup("<p>{}</p>").format(text)
        case Plot(title):
            yield Markup("<figure><figcaption>{}</figcaption>{}</figure>").format(title, plot_svg(block))
        case Table():
            yield from _table(block)


def _table(table: Table) -> Iterator[Markup]:
    yield Markup('<div class="wide" tabindex="0"><table><thead><tr>')
    yield from (_cell("th", text, is_number=n in table.numbers) for n, text in enumerate(table.heads))
    yield Markup("</tr></thead><tbody>")
    for row in table.rows:
        yield Markup("<tr>")
        yield from (_cell("td", text, is_number=n in table.numbers) for n, text in enumerate(row))
        yield Markup("</tr>")
    yield Markup("</tbody></table></div>")


def _cell(kind: str, text: str, *, is_number: bool) -> Markup:
    shown = Markup('<{0} class="n">{1}</{0}>') if is_number else Markup("<{0}>{1}</{0}>")
    return shown.format(kind, text)
