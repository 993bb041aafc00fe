"""The documentation: every public name with its sentence, every notebook run, no page that loads from elsewhere."""

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from PIL import Image

import gptcore
from tests import ROOT
from tests.support.documentation import MODULES, build
from tests.support.gallery import GALLERY
from tests.support.picture import MOST_BYTES, STEPS

PICTURE = re.compile(r"!\[[^\]]+\]\(([^)]+)\)")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build everything once: a warning of pdoc or of a notebook's cell fails here."""
    folder = tmp_path_factory.mktemp("docs")
    build(folder)
    return folder


class Links(HTMLParser):
    """Collect what a page links to and loads."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if tag == "a" and name == "href" and value]
        self.loads += [value for name, value in attrs if tag in {"script", "link", "img"} and name != "rel" and value]


def links(page: Path) -> Links:
    found = Links()
    found.feed(page.read_text("utf-8"))
    return found


@pytest.mark.slow
def test_every_public_name_is_documented(built: Path) -> None:
    page = (built / "gptcore.html").read_text("utf-8")
    missing = [name for name in gptcore.__all__ if name != "__version__" and f'id="{name}"' not in page]
    assert missing == []
    arguments = page[page.index('<section id="score">') :]
    assert '<h6 id="arguments">Arguments:</h6>' in arguments[: arguments.index("</section>")]
    for module in MODULES:
        assert (built / f"{module.replace('.', '/')}.html").is_file()


@pytest.mark.slow
def test_links_lead_to_pages_that_are_there_and_nothing_is_loaded_from_elsewhere(built: Path) -> None:
    pages = sorted(built.rglob("*.html"))
    assert len(pages) == 1 + len(MODULES) + len(list(GALLERY.glob("*.ipynb")))
    for page in pages:
        found = links(page)
        assert [each for each in found.loads if each.startswith(("http:", "https:", "//"))] == [], page.name
        inside = [link.partition("#")[0] for link in found.links if not link.startswith(("http:", "https:", "#"))]
        assert [link for link in inside if link and not (page.parent / link).exists()] == [], page.name


@pytest.mark.slow
def test_the_gallery_is_linked_and_its_pages_have_the_numbers_and_the_charts(built: Path) -> None:
    first = links(built / "index.html").links
    for path in GALLERY.glob("*.ipynb"):
        assert f"gallery/{path.stem}.html" in first
        page = (built / "gallery" / f"{path.stem}.html").read_text("utf-8")
        assert page.count("Plotly.newPlot(") >= 1, path.stem
    book = unescape((built / "gallery" / "book_chapter_5.html").read_text("utf-8"))
    assert "7.4540e-05  3.1061e-05  1.1563e-05" in book
    assert re.search(r"perplexity +48,725\.\d\d", book)
    assert "cross-entropy        10.7940 nats" in book


@pytest.mark.parametrize("name", ["README.md", ".readme/README.zh-CN.md"])
def test_the_readmes_pictures_are_there_and_small(name: str) -> None:
    readme = ROOT / name
    pictures = [readme.parent / link for link in PICTURE.findall(readme.read_text("utf-8"))]
    assert len(pictures) == 2
    with Image.open(pictures[0]) as still, Image.open(pictures[1]) as animation:
        assert still.width >= 1200
        assert getattr(animation, "n_frames", 1) == STEPS
    assert sum(path.stat().st_size for path in pictures) < MOST_BYTES / 2


@pytest.mark.parametrize("path", sorted(GALLERY.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_is_valid_and_is_kept_without_outputs(path: Path) -> None:
    notebook = nbformat.reads(path.read_text("utf-8"), as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].source.startswith("# ")
    assert [cell.id for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")] == []
