"""The report for people: one list of blocks, written as HTML, as Markdown and as PDF.

    Report -> blocks_of -> render_report_html, render_report_markdown, render_report_page, render_report_pdf

Whatever a name or a reason holds is shown as it is, and never taken for markup.
"""

from .content import blocks_of
from .html import render_report_html
from .markdown import render_report_markdown
from .page import render_report_page
from .pdf import render_report_pdf

__all__ = ["blocks_of", "render_report_html", "render_report_markdown", "render_report_page", "render_report_pdf"]
