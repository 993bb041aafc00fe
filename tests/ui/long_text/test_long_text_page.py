"""The Long text page: the library's numbers, text from fields and files, sentences for what cannot be scored."""

import csv
import io
import json
import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from gptcore import prepare_text, score_text, trained_small_model
from gptcore.number_format import count, nats, perplexity
from gptcore.tables import csv_bytes
from gptcore.texts import LANGUAGES, text_in
from gptcore.ui.jobs.job import Job
from gptcore.ui.jobs.turn_queue import FairGate
from gptcore.ui.long_text import job as job_module
from gptcore.ui.long_text.exports import coloured_page, long_text_script
from gptcore.ui.long_text.job import Scored, report_of
from gptcore.ui.long_text.source import LongText
from gptcore.ui.long_text.spans import UNITS, units_of
from gptcore.ui.long_text.texts import STARTING_TEXTS, starting_text
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state import url
from gptcore.ui.state.kept_texts import KeptText, keep_text
from tests import ROOT
from tests.support.visiting import choose, open_part

SMALL = ModelChoice("trained_small")
SHORT = "The President sent a message\nto the Congress of the United States.\n"
EVERY_KIND = 'Zwei Wörter, 天地玄黄 and 🙂.\n\n=cmd|x <b>"bold"</b>\t`code` $x$\nIt ends. Really?'


def opened(language: str = "en", **query: object) -> AppTest:
    """Return the page with these values in its address, run once."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page("pages/long_text.py")
    app.context["locale"] = {"en": "en-US", "zh": "zh-CN"}[language]
    for key, value in {"model": "trained_small", "long_text": SHORT, **query}.items():
        app.query_params[key] = str(value)
    return app.run()


def finished(app: AppTest) -> AppTest:
    """Run the page until its job is over."""
    give_up = time.monotonic() + 60
    while not app.get("download_button"):
        assert time.monotonic() < give_up
        assert not app.exception
        time.sleep(0.1)
        app.run()
    return app


def component(app: AppTest, name: str) -> Any:
    """Return what a component of the page was given."""
    (found,) = [e for e in app.get("bidi_component") if e.proto.component_name == name and e.proto.json]
    return json.loads(found.proto.json)


def values(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("first_token", [False, True])
def test_the_numbers_are_the_librarys(language: str, first_token: bool) -> None:
    app = finished(opened(language, long_text=EVERY_KIND, stride=8, first_token=int(first_token)))
    report = score_text(trained_small_model(), EVERY_KIND, stride=8, first_token=first_token)
    text = text_in(language, "long_text")
    shown = values(app)
    assert shown[text("cross_entropy.label")] == nats(report.cross_entropy)
    assert shown[text("perplexity.label")] == perplexity(report.perplexity)
    assert shown[text("bits_per_byte.label")] == f"{report.bits_per_byte:.4f}"
    assert shown[text("token_count.label")] == count(report.token_count)
    assert not app.exception
    assert not app.warning


def test_the_running_text_is_the_text() -> None:
    spans = component(finished(opened(long_text=EVERY_KIND)), "running_text")["spans"]
    assert "".join(spans["text"]) == EVERY_KIND
    assert spans["level"][0] == -1  # nothing stands before the first token
    assert min(spans["level"][1:]) >= 0
    assert [len(numbers) for numbers in spans["values"]] == [1] + [5] * (len(spans["text"]) - 1)
    assert {len(top) for top in spans["likeliest"][1:]} == {3}
    assert "地" in spans["text"]  # three tokens, one character


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("scale", ["surprise", "rank", "probability"])
def test_every_unit_and_scale_covers_the_text(unit: str, scale: str) -> None:
    app = finished(opened(long_text=EVERY_KIND, unit=unit, long_scale=scale))
    spans = component(app, "running_text")["spans"]
    assert "".join(spans["text"]) == EVERY_KIND
    assert not app.exception


@pytest.mark.parametrize("unit", UNITS)
def test_the_units_add_up_to_the_text(unit: Any) -> None:
    report = score_text(trained_small_model(), EVERY_KIND)
    units = units_of(report, unit)
    assert units.tokens.sum() == len(report.text.token_id)
    assert (np.diff(units.start) > 0).all()
    if unit in ("token", "word", "character"):
        assert np.nansum(units.surprisal_nats) == pytest.approx(report.total_nats)


@pytest.mark.parametrize("name", STARTING_TEXTS)
def test_every_text_to_start_from_can_be_taken(name: str) -> None:
    assert len(starting_text(name)) > 100
    for language in LANGUAGES:
        assert list(text_in(language, "long_text").group("texts")) == list(STARTING_TEXTS)
    prepared = prepare_text(trained_small_model().config, starting_text(name))
    assert prepared.text.text == starting_text(name)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stride", ["0", "-1", "257", "1.5", "half", "9" * 30])
def test_what_is_no_stride_is_a_sentence_with_a_way_out(stride: str, language: str) -> None:
    app = opened(language, stride=stride)
    (warning,) = app.warning
    assert stride[:20] in warning.value
    assert "256" in warning.value
    assert app.text_area(key="long_text").value == SHORT
    app.button(key="fix_stride").click().run()
    assert not app.warning
    assert finished(app).metric


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("text", "code"), [("", "empty_text"), ("a", "too_few_tokens"), ("x" * 1_000_001, "too_large")]
)
def test_what_cannot_be_scored_is_a_sentence_with_a_way_out(text: str, code: str, language: str) -> None:
    app = opened(language)
    app.text_area(key="long_text").set_value(text).run()
    (warning,) = app.warning
    own, errors = text_in(language, "long_text"), text_in(language, "errors")
    said = own(code) if own.has(code) else errors(code)
    assert re.split(r"\{", said)[0] in warning.value
    assert app.text_area(key="long_text").value == text  # what was typed stays
    assert not app.metric
    app.button(key="fix_text").click().run()
    assert not app.warning
    assert not app.exception


def test_one_token_is_scored_after_end_of_text() -> None:
    app = finished(opened(long_text="a", first_token=1))
    assert values(app)["Tokens scored"] == "1"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (SHORT.encode(), "UTF-8"),
        (b"\xef\xbb\xbf" + SHORT.encode(), "UTF-8"),
        (SHORT.encode("utf-16"), "UTF-16"),
        ("委员会星期二开会，同意在冬天之前修好屋顶。今天天气很好，我们去公园散步。".encode("gb18030"), "GB18030"),
    ],
)
def test_a_file_is_read_in_its_encoding_and_scored(data: bytes, encoding: str) -> None:
    app = opened()
    app.file_uploader(key="long_upload").upload("speech.txt", data).run()
    (info,) = app.info
    assert encoding in info.value
    assert "speech.txt" in info.value
    text = "".join(component(finished(app), "running_text")["spans"]["text"])
    assert text.encode(encoding)[-10:] == data[-10:]
    for _ in range(2):
        app.button(key="long_file_remove").click().run()
        assert app.text_area(key="long_text").value == SHORT
        assert app.file_uploader(key="long_upload").value is None  # the field does not name it any longer
        app.file_uploader(key="long_upload").upload("speech.txt", data).run()
        assert "speech.txt" in app.info[0].value


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (bytes(range(256)) * 20, "binary_file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "binary_file"),
        (b"a" * 1_000_001, "too_large"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_sentence(data: bytes, code: str, language: str) -> None:
    app = opened(language)
    app.file_uploader(key="long_upload").upload("data.bin", data).run()
    (warning,) = app.warning
    assert re.split(r"\{", text_in(language, "errors")(code))[0] in warning.value
    assert app.text_area(key="long_text").value == SHORT
    assert not app.exception


def test_what_comes_in_a_first_run_that_never_ends_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next run still has an address to read: not what the visitor has changed since."""
    typed = "\n".join(f"Line {n} of what was typed before." for n in range(90))
    named = keep_text(KeptText(typed))
    with monkeypatch.context() as context:
        context.setattr(url, "finish", st.stop)
        app = opened(long_file=named)
        assert app.text_area(key="long_text").value == typed
        app.text_area(key="long_text").set_value("Typed over it.").run()
        assert app.text_area(key="long_text").value == "Typed over it."
        app.file_uploader(key="long_upload").upload("speech.txt", SHORT.encode()).run()
        assert "speech.txt" in app.info[0].value
    app.run()
    assert "speech.txt" in app.info[0].value


def test_a_long_text_is_named_in_the_address_and_found_again() -> None:
    text = " ".join(f"Sentence {n} of a long story." for n in range(70))
    app = opened()
    app.text_area(key="long_text").set_value(text).run()
    finished(app)
    assert "long_text" not in app.query_params
    name = "".join(app.query_params["long_file"])
    again = opened(long_text="", long_file=name)
    assert again.text_area(key="long_text").value == text
    assert not again.info


def test_a_text_that_is_no_longer_kept_is_said() -> None:
    app = opened(long_file="0" * 24)
    assert text_in("en", "long_text")("gone") in [info.value for info in app.info]
    assert not app.exception


def test_a_token_opens_with_its_own_context_only() -> None:
    app = opened(long_token=5)
    finished(app)
    report = score_text(trained_small_model(), SHORT)
    specs = [chart.proto.spec for chart in app.get("plotly_chart")]
    assert len(specs) >= 2
    place = [said.value for said in app.markdown if said.value.startswith("Token 6 of")]
    assert place
    assert f"from {report.context_tokens[5]} tokens" in place[0]
    app.button(key="long_open_in_explore").click()


def test_the_first_token_says_that_it_has_no_score() -> None:
    app = finished(opened(long_token=0))
    words = text_in("en", "long_text")("opened_unscored", number=1, piece="`The`")
    assert words in [said.value for said in app.caption]


def test_a_token_opens_while_the_rest_of_the_text_is_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    whole = job_module._scored

    def slowly(*arguments: Any) -> Iterator[Scored]:
        for index, record in enumerate(whole(*arguments)):
            assert index == 0 or go_on.wait(60)
            yield record

    monkeypatch.setattr(job_module, "_scored", slowly)
    try:
        text = "One sentence of a story that is read slowly. " * 60
        app = opened(long_text=text, long_token=5)
        give_up = time.monotonic() + 60
        while not app.metric:
            assert time.monotonic() < give_up
            app.run()
        assert [said.value for said in app.markdown if said.value.startswith("Token 6 of")]
        assert not app.get("download_button")
        assert text_in("en", "long_text")("perplexity.reading_counting") in [said.value for said in app.caption]
        app.session_state["long_token"] = 400
        app.run()
        assert [said.value for said in app.caption if re.match("Token 401, .* is not scored yet", said.value)]
        assert not app.exception
    finally:
        go_on.set()
    captions = [said.value for said in finished(app).caption]
    assert text_in("en", "long_text")("perplexity.reading_counting") not in captions


def test_a_longer_text_is_shown_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gptcore.ui.long_text.spans.PAGE_TOKENS", 40)
    text = " ".join(f"Sentence {n} of a story." for n in range(30))
    app = finished(opened(long_text=text))
    pages = []
    for page in range(1, 9):
        app.session_state["long_page"] = page
        app.run()
        if app.session_state["long_page"] == page:
            pages.append("".join(component(app, "running_text")["spans"]["text"]))
    assert "".join(pages) == text
    app = finished(opened(long_text=text, long_page=99))
    assert "".join(component(app, "running_text")["spans"]["text"]) == pages[-1]


def test_the_switches_of_why_it_differs_stand_after_it_was_closed() -> None:
    app = open_part(finished(opened()), "why_it_differs")
    chosen = {"why_per": "word", "why_log": "bits", "why_average": "windows", "why_stride": 64, "why_first": True}
    for key, option in chosen.items():
        choose(app, key, option)
    choose(app, "why_it_differs", False)
    assert "why_first" not in [toggle.key for toggle in app.toggle]
    open_part(app, "why_it_differs")
    assert app.toggle(key="why_first").value is True
    assert {key: app.session_state[key] for key in chosen} == chosen


def test_no_visitors_text_becomes_markup_in_what_is_taken_along() -> None:
    report = score_text(trained_small_model(), EVERY_KIND)
    page = coloured_page(report, "token", "surprise")
    assert "<b>" not in page
    assert "&lt;" in page
    body = re.sub(r"<[^>]*>", "", page[page.index('<div class="running-text-body">') :])
    assert "天地玄黄" in body
    assert "http" not in page  # it needs nothing from elsewhere


@pytest.mark.parametrize("unit", ["word", "line"])
def test_a_formula_stays_text_in_the_tables(unit: str) -> None:
    report = score_text(trained_small_model(), "one\n=cmd|' /C calc'!A0\n@x")
    for frame in (report.to_frame(), report.by(unit)):  # type: ignore[arg-type]
        for row in csv.reader(io.StringIO(csv_bytes(frame).decode("utf-8-sig"))):
            assert not any(re.match(r"[=@]", cell) for cell in row), row


@pytest.mark.parametrize(("text", "stride", "first_token"), [(EVERY_KIND, 8, True), ("a\\n'\"b\n", None, False)])
def test_the_script_gives_the_pages_numbers(
    text: str, stride: int | None, first_token: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    exec(long_text_script(SMALL, LongText(text, stride, first_token)), {})
    report = score_text(trained_small_model(), text, stride=stride, first_token=first_token)
    printed = capsys.readouterr().out
    assert f"{report.cross_entropy:.4f} nats" in printed
    assert f"{report.perplexity:,.2f}" in printed
    assert f"{report.bits_per_byte:.4f}" in printed


def test_stopped_before_the_first_window_nothing_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    def nothing_yet(*_: Any) -> Iterator[Scored]:
        go_on.wait(60)
        yield from ()

    monkeypatch.setattr(job_module, "_scored", nothing_yet)
    app = opened(long_text="One sentence of a story that nobody has read. " * 20)
    try:
        assert len(app.get("skeleton")) == 1
        app.button(key="long_job_stop").click().run()
        go_on.set()
        while any(button.key == "long_job_stop" for button in app.run().button):
            time.sleep(0.05)
    finally:
        go_on.set()
    assert not app.exception
    assert len(app.get("skeleton")) == 0
    assert app.button(key="long_go_on")


def test_a_script_reads_a_long_text_from_its_file() -> None:
    script = long_text_script(SMALL, LongText("word " * 10_000, None, False))
    assert 'Path("text.txt")' in script
    assert len(script) < 1_000


def test_a_report_is_made_anew_only_when_windows_came_in() -> None:
    entered = LongText("one two three " * 200, 64, False)
    prepared = prepare_text(SMALL.config, entered.text, stride=64)
    records = [
        (prepared, record) for batch in prepared.batches for record in prepared.score(trained_small_model(), batch)
    ]
    job: Job[Scored] = Job("key", lambda stopped: iter(records), len(records), gate=FairGate())
    assert report_of(job) is None
    job.start().wait(30)
    report = report_of(job)
    assert report is not None
    assert report.window_count == len(prepared.windows)
    assert report_of(job) is report
