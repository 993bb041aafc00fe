"""The limit of a server: a newcomer past it is told so; who is in stays in; who leaves makes room."""

import pytest

from gptcore.texts import LANGUAGES, text_in
from gptcore.ui import visitors as limit
from tests.support.visiting import metrics, notices, press, settled, visit


@pytest.fixture(autouse=True)
def _nobody_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limit, "_HERE", set())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_newcomer_past_the_limit_is_told_so_and_let_in_later(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    at = visit(lang=language)
    monkeypatch.setattr(limit, "MAX_VISITORS", 1)
    monkeypatch.setattr(limit, "_HERE", {object()})
    assert metrics(settled(at.run()))  # who is in stays in
    newcomer = visit(lang=language)
    assert metrics(newcomer) == {}
    assert notices(newcomer) == [text_in(language, "visitors")("full", count=1)]
    monkeypatch.setattr(limit, "_HERE", set())  # somebody left
    assert metrics(press(newcomer, "try_again"))


def test_past_its_memory_the_server_takes_nobody_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limit, "MAX_MEMORY_MB", 1)
    newcomer = visit()
    assert metrics(newcomer) == {}
    assert notices(newcomer) == [text_in("en", "visitors")("full_memory")]
    monkeypatch.setattr(limit, "MAX_MEMORY_MB", 1_000_000)
    assert metrics(press(newcomer, "try_again"))


def test_the_process_knows_its_size() -> None:
    assert 10 < limit.resident_bytes() / 1e6 < 1e6
