"""Data Docs stand alone: structure and text, nothing that runs and nothing from elsewhere."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.finding import Finding
from interlock.quality import docs
from interlock.quality.pages import DROPPED, page

START = datetime(2026, 3, 1, 2, tzinfo=UTC)
POSTAL = Finding("account", "postal_code", "postal_code_unfit", "the postal code is none; correct it", 60, ("crm//account/7",))


class Reader(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.seen = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))


def below_body(text):
    return Reader(text[text.index("<body>") :]).seen


@pytest.mark.parametrize(
    "given_",
    [
        "<script>alert(1)</script>",
        "<SCRIPT src='https://x.example/a.js'></SCRIPT>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='https://x.example/a.html'>x</a>",
        "<a href='//x.example/a.html'>x</a>",
        "<p onclick='alert(1)' style='background:url(//x.example)'>x</p>",
        "<iframe src='//x.example'></iframe><link rel=stylesheet href='//x.example'>",
        "<svg><script>alert(1)</script></svg>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
    ],
)
def test_nothing_that_runs_or_loads_gets_through(given_):
    for tag, attributes in below_body(page("t", given_)):
        assert tag not in {*DROPPED, "img", "iframe", "link"}
        assert not {"onerror", "onclick", "style", "src", "href"} & attributes.keys()


@given(st.text() | st.from_regex(r"(<[a-z]+( [a-z]+=\"[^\"]*\")*>|</[a-z]+>|[^<])*", fullmatch=True))
def test_whatever_is_given_only_known_structure_remains(text):
    for _, attributes in below_body(page(text, text)):
        assert attributes.keys() <= {"class", "colspan", "rowspan", "href"}
        assert attributes.get("href", "x.html").endswith(".html")


def test_text_and_links_within_the_folder_stay():
    text = page("runs", "<h2>50 of 60</h2><a href='run/account.html'>accounts</a> &amp; more")
    assert '<h2>50 of 60</h2><a href="run/account.html">accounts</a> &amp; more' in text


def built(folder, number, keep=2, findings=(POSTAL,)):
    run = docs.Run(f"{number:08}-batch", f"run-{number}", START + timedelta(hours=number))
    return docs.build(folder, run, findings, keep)


def test_a_run_has_a_page_a_kind_and_is_first_in_the_index(tmp_path):
    first, second = built(tmp_path, 1), built(tmp_path, 2)
    assert "crm//account/7" in (second.parent / "account.html").read_text()
    index = (tmp_path / "index.html").read_text()
    assert index.index("run-2") < index.index("run-1")
    assert "1: the postal code is none; correct it" in index
    links = [attributes["href"] for tag, attributes in below_body(index) if tag == "a"]
    assert links == [f"{at.parent.name}/account.html" for at in (second, first)]
    assert all((tmp_path / link).is_file() for link in links)


def test_old_runs_go_and_what_is_not_ours_stays(tmp_path):
    (tmp_path / "notes.txt").write_text("somebody's")
    for number in range(5):
        built(tmp_path, number)
    assert sorted(path.name[:11] for path in tmp_path.iterdir() if path.is_dir()) == ["20260301T05", "20260301T06"]
    assert (tmp_path / "notes.txt").read_text() == "somebody's"
    assert not list(tmp_path.glob(".*"))


def test_a_run_built_again_replaces_its_pages(tmp_path):
    built(tmp_path, 1)
    again = built(tmp_path, 1, findings=())
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [again.parent.name]
    assert "nothing was to be checked" in again.read_text()
    assert json.loads((again.parent / docs.COUNTS).read_text())["findings"] == []


def test_a_build_that_fails_leaves_the_pages_there_were(tmp_path, monkeypatch):
    before = built(tmp_path, 1)
    monkeypatch.setattr(docs, "_rendered", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        built(tmp_path, 2)
    assert before.is_file()
    assert [path.name for path in tmp_path.iterdir()].count("index.html") == 1
    assert not list(tmp_path.glob(".building*"))
