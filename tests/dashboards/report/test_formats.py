"""The same report as HTML, Markdown and PDF; what a name holds is shown, and never done."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from io import BytesIO
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.dashboards.report import blocks_of, render_report_html, render_report_markdown, render_report_pdf
from fournines.dashboards.report.blocks import Plot, Table, line
from fournines.dashboards.report.markdown import plain
from fournines.dashboards.report.plot import plot_svg

HOSTILE = (
    "<script>alert(1)</script>",
    '" onmouseover="x',
    "a|b`c`*d*_e_[f](javascript:x)![g](h)",
    "# heading\n- list\x1b[31m\x00\u202e",
    "https://evil.example/",
    "日本 naïve",
    "x" * 5_000,
)


class Tags(HTMLParser):
    """Which elements there are, and what text."""

    def __init__(self):
        super().__init__()
        self.names, self.attributes, self.text = set(), set(), []

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.text.append(data)


def seen(html):
    tags = Tags()
    tags.feed(html)
    return tags


@pytest.mark.parametrize("name", HOSTILE)
def test_html_of_any_name_has_the_elements_of_every_report(make_report, name):
    """And the name as text."""
    calm, wild = seen(render_report_html(make_report())), seen(render_report_html(make_report(name)))

    assert (calm.names, calm.attributes) == (wild.names, wild.attributes)
    assert line(f"{name}-availability") in wild.text


def test_html_stands_alone_and_asks_nobody(make_report):
    """No script, nothing from elsewhere: a policy in the document forbids both."""
    html = render_report_html(make_report("https://evil.example/x.js"))
    assert "default-src 'none'; style-src 'unsafe-inline'" in html
    assert not seen(html).names & {"script", "link", "img", "iframe", "a", "object"}


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_of_any_name_has_the_lines_of_every_report(make_report, name):
    """As many, with as many cells each."""

    def shape(text):
        return [len(re.findall(r"(?<!\\)\|", each)) for each in text.splitlines()]

    assert shape(render_report_markdown(make_report())) == shape(render_report_markdown(make_report(name)))


@given(text=st.text(max_size=60))
@settings(max_examples=100)
def test_what_is_plain_holds_no_mark_that_counts(text):
    """Every sign that Markdown or HTML would take for markup stands behind a backslash; without these it is what it was."""
    shown = plain(line(text))
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]<>|&#!()]", re.sub(r"\\[^\\]", "", shown))
    assert line(text).replace("\u200b", "") == re.sub(r"\\(.)", r"\1", shown).replace("\u200b", "")


@pytest.mark.parametrize("name", HOSTILE)
def test_pdf_of_any_name_is_made_and_twice_the_same(make_report, name):
    """Signs that its fonts lack are shown by their numbers."""
    report = make_report(name)
    made = render_report_pdf(report)

    assert made.startswith(b"%PDF-")
    assert made == render_report_pdf(report)


def test_plots_are_xml_without_a_script_or_a_style(make_report):
    """So they live in a page of the strictest policy, and in a PDF."""
    for name in HOSTILE:
        for plot in (block for block in blocks_of(make_report(name)) if isinstance(block, Plot)):
            tree = ET.parse(BytesIO(plot_svg(plot).encode()))
            assert {"svg", "rect", "text", "path"} == {each.tag.rpartition("}")[2] for each in tree.iter()}
            assert not any("style" in each.attrib or "onload" in each.attrib for each in tree.iter())


def test_every_row_of_a_table_is_as_wide_as_its_head(make_report):
    """In all tables, whatever is known."""
    tables = [block for block in blocks_of(make_report()) if isinstance(block, Table)]
    assert all({len(table.heads)} == set(map(len, table.rows)) for table in tables)
    assert all(max(table.numbers, default=0) < len(table.heads) for table in tables)
