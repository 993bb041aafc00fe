"""What the Compare page says where a sweep cannot go on, or keeps nothing, and the ways on that it offers."""

import time
from pathlib import Path

import pytest

from gptcore.sweeps import cache, cluster
from gptcore.texts import LANGUAGES, text_in
from tests.ui.compare.test_page import finished, opened


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_cluster_that_is_not_there_is_said_and_this_machine_offered(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setenv(cluster.SCHEDULER_VARIABLE, "nonsense://nowhere")
    app = opened(language, seed_count=3, seed_first=700 if language == "en" else 710)  # a job of its own
    give_up = time.monotonic() + 60
    while not app.warning and time.monotonic() < give_up:
        app.run()
    assert not app.exception
    said = text_in(language, "errors")("no_cluster", address="`nonsense://nowhere`")
    assert [warning.value for warning in app.warning] == [said]
    assert app.button(key="seed_go_on")
    app.button(key="seed_here").click().run()
    finished(app, 3)
    assert not app.warning
    assert "seed_here" not in {button.key for button in app.button}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_folder_that_cannot_be_used_is_said_beside_the_numbers(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kept").write_text("not a folder")
    store = cache.SweepCache(tmp_path / "kept")
    monkeypatch.setattr(cache, "shared_cache", lambda: store)
    monkeypatch.setattr("gptcore.sweeps.runner.shared_cache", lambda: store)
    app = finished(opened(language, seed_count=3, seed_first=720 if language == "en" else 730), 3)
    assert store.fault
    said = text_in(language, "sweeps")("not_kept", reason="")
    assert any(caption.value.startswith(said[:20]) for caption in app.caption)


def test_a_list_of_seeds_that_is_too_long_is_said_and_mended() -> None:
    app = opened(seed_count=3, seed_first=70)
    app.text_input(key="seed_list").set_value("1, " * 60_000).run()
    assert not app.exception
    assert any("180,000 characters" in warning.value for warning in app.warning)
    app.button(key="mend_seeds").click().run()
    assert app.text_input(key="seed_list").value == ""
    assert not app.warning
