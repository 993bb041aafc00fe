"""The app's words: the same in every language, and there when a page asks for them."""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gptcore.texts import LANGUAGES, Text, fields, text_in
from tests import ROOT, SOURCES

FOLDER = ROOT / "gptcore" / "ui" / "text"
SECTIONS = sorted(path.stem for path in (FOLDER / "en").glob("*.toml"))
TEMPLATE = re.compile(r"%\{[^}]*\}")  # Plotly's: a field of the hover label, with its format


def words_of(language: str, section: str) -> dict[str, str]:
    """Return every string of one file, under its dotted key."""

    def walk(table: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
        for key, value in table.items():
            if isinstance(value, dict):
                yield from walk(value, f"{prefix}{key}.")
            else:
                assert isinstance(value, str), f"{prefix}{key} is no string"
                yield f"{prefix}{key}", value

    return dict(walk(tomllib.loads((FOLDER / language / f"{section}.toml").read_text("utf-8")), ""))


def wanted_fields(words: str) -> set[str]:
    """Return the {fields} of some words; those inside Plotly's %{…} are not ours."""
    return fields(TEMPLATE.sub("", words))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_files(language: str) -> None:
    assert sorted(path.stem for path in (FOLDER / language).glob("*.toml")) == SECTIONS
    english = {path.name for path in (FOLDER / "prose" / "en").glob("*.md")}
    assert {path.name for path in (FOLDER / "prose" / language).glob("*.md")} == english
    assert all(path.read_text("utf-8").strip() for path in (FOLDER / "prose" / language).glob("*.md"))


@pytest.mark.parametrize("section", SECTIONS)
def test_every_language_has_the_same_keys_fields_and_templates(section: str) -> None:
    english = words_of("en", section)
    for language in LANGUAGES:
        words = words_of(language, section)
        assert list(words) == list(english)  # in the same order too, so that they can be read side by side
        for key, said in words.items():
            where = f"{language} {section}.{key}"
            assert wanted_fields(said) == wanted_fields(english[key]), where
            assert sorted(TEMPLATE.findall(said)) == sorted(TEMPLATE.findall(english[key])), where


@pytest.mark.parametrize("section", SECTIONS)
def test_nothing_is_left_empty_or_untranslated(section: str) -> None:
    english, chinese = words_of("en", section), words_of("zh", section)
    assert [key for key, said in {**english, **chinese}.items() if not said] == []
    sentences = {
        key
        for key, said in english.items()
        if len(said.split()) > 3 and not key.startswith("placeholders.") and said != "ln V = {nats}"
    }
    assert [key for key in sentences if chinese[key] == english[key]] == []
    assert [key for key, said in english.items() if re.search(r"[\u4e00-\u9fff]", said)] == []


@dataclass(frozen=True)
class Asked:
    """What a line of the code asks of a text: a key, or a pattern of keys; a whole table; the values it puts in."""

    where: str
    section: str
    key: str  # a regular expression
    group: bool
    values: set[str] | None  # None where they cannot be told without running it


def asked_in(path: Path) -> Iterator[Asked]:
    """Yield what a source asks of `text = page_text("section")`, wherever that can be told without running it."""
    tree = ast.parse(path.read_text("utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    on_top = [node for node in tree.body if not isinstance(node, ast.FunctionDef | ast.ClassDef)]
    for scope in [ast.Module(on_top, []), *functions]:
        nodes = list(ast.walk(scope))
        assigned = [pair for node in nodes if isinstance(node, ast.Assign) for pair in pairs(node)]
        named = {name: section for name, value in assigned if (section := section_of(value))}
        for node in nodes:
            if isinstance(node, ast.Call) and (found := asked_by(node, named)):
                section, group = found
                where = f"{path.relative_to(ROOT)}:{node.lineno}"
                keywords = {word.arg for word in node.keywords if word.arg}
                plain = all(word.arg for word in node.keywords)
                for key in patterns(node.args[0]):
                    yield Asked(where, section, key, group, keywords if plain and not group else None)


def pairs(node: ast.Assign) -> Iterator[tuple[str, ast.expr]]:
    """Yield (name, value) of an assignment, also of `a, b = x, y`."""
    for target in node.targets:
        if isinstance(target, ast.Name):
            yield target.id, node.value
        elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            for name, value in zip(target.elts, node.value.elts, strict=False):
                if isinstance(name, ast.Name):
                    yield name.id, value


def section_of(value: ast.expr) -> str | None:
    """Return the section of `page_text("section")`, also behind `text or …`."""
    if isinstance(value, ast.BoolOp):
        value = value.values[-1]
    if isinstance(value, ast.Call) and ast.unparse(value.func) == "page_text" and value.args:
        given = value.args[0]
        return given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else None
    return None


def asked_by(call: ast.Call, named: dict[str, str]) -> tuple[str, bool] | None:
    """Return the section that a call asks, and whether for a whole table; None where it is another call."""
    if not call.args:
        return None
    if section := section_of(call.func):
        return section, False
    if isinstance(call.func, ast.Name) and call.func.id in named:
        return named[call.func.id], False
    if isinstance(call.func, ast.Attribute) and call.func.attr == "group" and isinstance(call.func.value, ast.Name):
        name = call.func.value.id
        return (named[name], True) if name in named else None
    return None


def patterns(argument: ast.expr) -> Iterator[str]:
    """Yield the keys that an expression may be, as regular expressions; none for what only a run can tell."""
    if isinstance(argument, ast.Constant):
        yield re.escape(str(argument.value))
    elif isinstance(argument, ast.IfExp):
        yield from patterns(argument.body)
        yield from patterns(argument.orelse)
    elif isinstance(argument, ast.JoinedStr):
        yield "".join(
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[a-z0-9_]+" for part in argument.values
        )


def missing(asked: Asked) -> str | None:
    """Return what is wrong with what is asked, or None."""
    if asked.section not in SECTIONS:
        return f"{asked.where}: there is no {asked.section}.toml"
    words = words_of("en", asked.section)
    tables = {key.rpartition(".")[0] for key in words}
    found = [key for key in (tables if asked.group else words) if re.fullmatch(asked.key, key)]
    if not found:
        return f"{asked.where}: there is no {asked.section}.{asked.key}"
    if asked.values and len(found) == 1:
        lacking = wanted_fields(words[found[0]]) - asked.values
        if lacking:
            return f"{asked.where}: {asked.section}.{found[0]} also wants {sorted(lacking)}"
    return None


ASKED = [asked for path in SOURCES for asked in asked_in(path)]


def test_every_key_that_the_code_asks_for_is_there() -> None:
    assert len(ASKED) > 80  # the search finds what there is to find
    assert [wrong for asked in ASKED if (wrong := missing(asked))] == []


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ('text = page_text("explore")\ntext("title")', None),
        ('text = page_text("explore")\ntext("no_such_key")', "there is no explore.no_such_key"),
        ('text, style = page_text("explore"), 1\ntext.group("no_such_table")', "there is no explore.no_such_table"),
        ('page_text("no_such_file")("title")', "there is no no_such_file.toml"),
        ('text = page_text("explore")\ntext("at_temperature", warmth=1)', "also wants ['temperature']"),
        ('text = page_text("examples")\ntext(f"mends.{name}")', None),
        ('text = page_text("examples")\ntext(f"no_such.{name}")', "there is no examples.no_such"),
    ],
)
def test_the_search_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, wrong: str | None) -> None:
    path = tmp_path / "page.py"
    path.write_text(source)
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    reasons = {reason.replace("\\", "") for asked in asked_in(path) if (reason := missing(asked))}
    assert len(reasons) == (wrong is not None)
    assert wrong is None or wrong in reasons.pop()


def test_a_key_that_is_missing_is_an_error_and_not_a_blank() -> None:
    text = text_in("en", "explore")
    with pytest.raises(KeyError):
        text("no_such_key")
    with pytest.raises(KeyError):
        text("mean_log_probability")  # a table
    with pytest.raises(KeyError):
        text.group("title")  # no table
    assert (text.has("title"), text.has("mean_log_probability"), text.has("nothing")) == (True, False, False)


def test_values_go_in_as_they_are() -> None:
    text = Text("en", "test", {"shown": "{given} is not here", "plain": "50 % {of} it"})
    assert text("shown", given="{braces} %{customdata[0]}") == "{braces} %{customdata[0]} is not here"
    assert text("plain") == "50 % {of} it"


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "averaged over 1 target; 0 would mean certainty."),
        ("1", "averaged over 1 target; 0 would mean certainty."),
        (2, "averaged over 2 targets; 0 would mean certainty."),
        ("1,001", "averaged over 1,001 targets; 0 would mean certainty."),
    ],
)
def test_one_is_not_several(count: object, said: str) -> None:
    assert text_in("en", "explore")("mean_log_probability.reading", positions=count) == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_ends_within_an_expression(language: str) -> None:
    said = text_in(language, "long_text")("cross_entropy.reading", uniform="10.8249")
    assert "ln\u00a0V\u00a0=\u00a010.8249" in said
    group = text_in(language, "exercises").group("chart_sure")
    assert group["uniform"] == "ln\u00a0V\u00a0=\u00a0{nats}"
