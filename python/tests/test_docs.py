"""What the documentation shows is what happens: every example of every page and docstring, and every script of the
gallery."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import runpy
import sys
from pathlib import Path

import pytest

import coresift

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "benches" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MODULES = ["coresift", *(f"coresift.{module.name}" for module in pkgutil.iter_modules(coresift.__path__))]
SCRIPTS = sorted((ROOT / "docs" / "gallery").glob("*.py"))
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_examples_of_pages(page):
    pytest.importorskip("sklearn")
    done = doctest.testfile(str(page), module_relative=False, optionflags=FLAGS, encoding="utf-8")
    assert done.failed == 0
    assert done.attempted > 0 or page.parent.name != "selectors"


@pytest.mark.parametrize("page", [page for page in PAGES if "](" in page.read_text(encoding="utf-8")], ids=relative)
def test_links_lead_to_files(page):
    for link in page.read_text(encoding="utf-8").split("](")[1:]:
        target, _, heading = link.split(")")[0].partition("#")
        if target.startswith("http"):
            continue
        aim = page.parent / target if target else page
        assert aim.exists(), target
        if heading:
            lines = [line.lstrip("# ") for line in aim.read_text(encoding="utf-8").splitlines() if line[:1] == "#"]
            assert heading in [line.lower().replace(" ", "-").replace(",", "") for line in lines], link


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_docstrings(name):
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        pytest.skip(str(error))
    assert doctest.testmod(module, optionflags=FLAGS).failed == 0


@pytest.mark.parametrize("selector", [name for name in coresift.__all__ if hasattr(getattr(coresift, name), "fit")])
def test_every_selector_has_a_page(selector):
    titles = [page.read_text(encoding="utf-8").splitlines()[0] for page in (ROOT / "docs" / "selectors").glob("*.md")]
    assert selector == "Selector" or f"# {selector}" in titles


@pytest.mark.parametrize("script", SCRIPTS, ids=relative)
def test_gallery(script, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    pytest.importorskip("sklearn")
    monkeypatch.setattr(sys, "argv", [str(script), str(tmp_path)])
    runpy.run_path(str(script), run_name="__main__")
    assert [path.name for path in tmp_path.iterdir()] == [f"{script.stem}.png"]
