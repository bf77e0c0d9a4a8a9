"""A report as PDF, by fpdf2, which is an extra: `pip install 'fournines[pdf]'`."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ...slo.report import Period, Report
from .blocks import Block, Heading, Paragraph, Plot, Table
from .content import blocks_of
from .plot import HEIGHT, WIDTH, plot_svg

if TYPE_CHECKING:
    from fpdf import FPDF

_SIZES: Final = {1: 18.0, 2: 14.0, 3: 11.0}
_BODY: Final = 9.0
_SMALL: Final = 7.0
_DASHES: Final = {ord(sign): "-" for sign in "\N{MINUS SIGN}\N{EN DASH}"}
_LONGEST: Final = 400
"""Characters of a cell: one that is higher than a page can't be set."""


def render_report_pdf(report: Report, font: Path | None = None) -> bytes:
    """The document. PDF's own fonts have Western letters: others are shown by their numbers (`U+65E5`) unless a TrueType `font` has them.

    Raises `ModuleNotFoundError` without fpdf2, `OSError` where the font can't be read.
    """
    from fpdf import FPDF

    pdf = FPDF(orientation="landscape", format="A4")
    pdf.set_creation_date(datetime.fromtimestamp(report.made, UTC))
    pdf.set_title(f"SLO report, {Period.parse(report.period).name}")
    pdf.set_auto_page_break(auto=True, margin=12)
    page = _Page(pdf, font)
    pdf.add_page()
    for block in blocks_of(report):
        page.put(block)
    return bytes(pdf.output())


class _Page:
    """Where blocks are set, one below another."""

    def __init__(self, pdf: FPDF, font: Path | None) -> None:
        self._pdf = pdf
        self._western = font is None
        self._family = "Helvetica" if font is None else "chosen"
        if font is not None:
            for style in ("", "B"):
                pdf.add_font("chosen", style, font)
        pdf.set_font(self._family, size=_BODY)

    def put(self, block: Block) -> None:
        match block:
            case Heading(level, text):
                self._line(text, _SIZES[level], "B")
            case Paragraph(text):
                self._line(text, _BODY, "")
            case Table():
                self._table(block)
            case Plot():
                self._plot(block)

    def _line(self, text: str, size: float, style: str) -> None:
        self._pdf.set_font(self._family, style, size)
        self._pdf.multi_cell(0, None, self._shown(text), new_x="LMARGIN", new_y="NEXT")
        self._pdf.ln(1.5)

    def _table(self, table: Table) -> None:
        self._pdf.set_font(self._family, "", _SMALL)
        align = ["RIGHT" if n in table.numbers else "LEFT" for n in range(len(table.heads))]
        with self._pdf.table(text_align=tuple(align), col_widths=_widths(table), padding=0.6) as made:
            for cells in (table.heads, *table.rows):
                row = made.row()
                for cell in cells:
                    row.cell(self._shown(cell))
        self._pdf.ln(3)

    def _plot(self, plot: Plot) -> None:
        high = self._pdf.epw * HEIGHT / WIDTH / 2
        if self._pdf.will_page_break(high + 8):
            self._pdf.add_page()
        self._line(plot.title, _BODY, "")
        self._pdf.image(io.BytesIO(plot_svg(plot).encode()), w=self._pdf.epw / 2)
        self._pdf.ln(3)

    def _shown(self, text: str) -> str:
        """Of signs that the font has."""
        cut = text[:_LONGEST]
        return "".join(map(_western, cut.translate(_DASHES))) if self._western else cut


def _western(sign: str) -> str:
    try:
        sign.encode("latin-1")
    except UnicodeEncodeError:
        return f"U+{ord(sign):04X}"
    return sign


def _widths(table: Table) -> tuple[float, ...]:
    """By the longest word of each column and, less, by its longest text."""
    cells = [[row[n] for row in (table.heads, *table.rows)] for n in range(len(table.heads))]
    return tuple(
        4.0 + max(min(30, max(map(len, text.split()), default=0)) + min(20.0, len(text) / 3) for text in column)
        for column in cells
    )
