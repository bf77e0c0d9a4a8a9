"""Counts from a file, and every way in which one can be wrong."""

from __future__ import annotations

import sys

import pytest

from fournines.alerts.backtest.counts_file import CountsFile
from fournines.alerts.errors import BacktestError
from fournines.slo import Interval

HEAD = "time,slo,good,total\n"


@pytest.fixture
def file(tmp_path):
    """Reads a CSV file of that text."""

    def read(text):
        path = tmp_path / "counts.csv"
        path.write_text(text)
        return CountsFile(path)

    return read


def test_counts_are_read_by_name(file):
    """In any order of rows and columns; other columns are no matter."""
    read = file("note,total,good,slo,time\nx,4,3,b,1800000120\n,9,9,a,2027-01-15T08:00:00Z\n,2,1,a,1800000060\n")

    assert ({"a", "b"}, Interval(1800000000, 1800000180), 60) == (read.names, read.interval, read.step)
    assert [[1800000000, 9, 9], [1800000060, 1, 2]] == read.history("a", read.interval, 60).tolist()
    assert [[1800000060, 1, 2]] == read.history("a", Interval(1800000001, 1800000061), 60).tolist()
    assert [] == read.history("c", read.interval, 60).tolist()


def test_a_spreadsheet_s_mark_and_empty_lines_are_no_matter(file):
    """As they write UTF-8, with a mark before the head, and as people leave files."""
    read = file("\ufeff" + HEAD + "1800000000,a,1,1\n\n1800000060,a,1,2\n\n")

    assert [[1800000000, 1, 1], [1800000060, 1, 2]] == read.history("a", read.interval, 60).tolist()


@pytest.mark.parametrize(
    ("seconds", "step"), [((0, 300), 300), ((0, 420), 60), ((0, 7200), 3600), ((0, 15), 10), ((7,), 10)]
)
def test_its_step_is_the_longest_that_fits(seconds, step, file):
    """At whose boundaries all its times lie; the finest bucket's where there is none."""
    assert step == file(HEAD + "".join(f"{1800000000 + at},a,1,1\n" for at in seconds)).step


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"counts.csv: it needs the columns time, slo, good, total, and has no time and no slo"),
        (HEAD, r"counts.csv holds no counts"),
        (HEAD + "1,a,1,1\n1,a,2,1\n", r"counts.csv:3: 2 good events of 1 can't be"),
        (HEAD + "1,a,-1,1\n", r"counts.csv:2: -1 good events of 1 can't be"),
        (HEAD + "1,a,0.5,1\n", r"counts.csv:2: '0.5' is no whole number of events"),
        (HEAD + f"1,a,1,{10**30}\n", r"counts.csv:2: 1 good events of 10{30} can't be"),
        (HEAD + "1,a\n", r"counts.csv:2: it has 2 columns, fewer than the head"),
        (HEAD + "soon,a,1,1\n", r"counts.csv:2: 'soon' is no moment"),
    ],
)
def test_a_fault_is_said_with_its_line(text, said, file):
    """File, line, what is wrong."""
    with pytest.raises(BacktestError, match=said):
        file(text)


def test_parquet_says_what_it_needs(tmp_path, monkeypatch):
    """Where pyarrow is not installed, how to get it, or what else would do."""
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)

    with pytest.raises(
        BacktestError, match=r"counts.parquet: Parquet files need pyarrow: pip install pyarrow, or write CSV"
    ):
        CountsFile(tmp_path / "counts.parquet")
