"""Long texts: the plan against gold lists, the scores against transformers, the totals against each other."""

import math
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import GPT2Config, GPT2LMHeadModel

from gptcore import Example, GPTModel, InputError, score, untrained_model
from gptcore.config import GPTConfig
from gptcore.results import windows as results_of_windows
from gptcore.results.text_report import TextReport
from gptcore.results.windows import Window
from gptcore.text_units import TextUnit, Units, split_units
from gptcore.tokenizers import gpt2_tokenizer
from gptcore.weights.gpt2 import load_gpt2
from gptcore.windows import plan_windows, prepare_text, score_strides, score_text, score_text_records

CONTEXT = 16
UNITS: list[TextUnit] = ["word", "character", "line", "sentence"]
MIXED = (
    "Every effort moves you.\nIt did! 今天天气很好，是吗？ Ünïcödé 😀👍🏽 <|endoftext|>  two  spaces\r\n\r\ndon't\n" * 2
)
END_OF_TEXT = 50_256


@pytest.fixture(scope="module")
def tiny() -> GPTModel:
    return untrained_model(GPTConfig(50_257, CONTEXT, emb_dim=8, n_heads=2, n_layers=1), seed=1)


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> tuple[GPTModel, GPT2LMHeadModel]:
    """A tiny GPT-2 with random weights, ours and transformers'."""
    folder: Path = tmp_path_factory.mktemp("published") / "tiny"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = GPT2LMHeadModel(GPT2Config(n_embd=16, n_head=2, n_layer=2, n_positions=CONTEXT, initializer_range=0.3))
    model.save_pretrained(folder)
    return load_gpt2(folder), model.eval()


def triples(windows: Sequence[Window]) -> list[tuple[int, int, int]]:
    return [(window.start, window.scored_from, window.stop) for window in windows]


@pytest.mark.parametrize(
    ("token_count", "context_length", "stride", "expected"),
    [
        (0, 4, 2, []),
        (1, 4, 2, []),
        (2, 4, 2, [(0, 1, 2)]),
        (5, 4, 2, [(0, 1, 5)]),  # four tokens are read, the fifth is only a target
        (6, 4, 2, [(0, 1, 5), (1, 5, 6)]),
        (10, 4, 4, [(0, 1, 5), (4, 5, 9), (5, 9, 10)]),
        (10, 4, 1, [(0, 1, 5), (1, 5, 6), (2, 6, 7), (3, 7, 8), (4, 8, 9), (5, 9, 10)]),
        (4, 1, 1, [(0, 1, 2), (1, 2, 3), (2, 3, 4)]),
        (10, 4, None, [(0, 1, 5), (2, 5, 7), (4, 7, 9), (5, 9, 10)]),
        (3, 1, None, [(0, 1, 2), (1, 2, 3)]),
    ],
)
def test_the_plan(
    token_count: int, context_length: int, stride: int | None, expected: list[tuple[int, int, int]]
) -> None:
    assert triples(plan_windows(token_count, context_length, stride)) == expected


@pytest.mark.parametrize(
    ("stride", "expected"),
    [
        # The gold lists of lm-evaluation-harness's tests for 34 tokens and max_seq_len 10, as (read from, scored):
        # with a prefix token before the text, so that index 0 is the prefix and token i is index i + 1.
        (10, [(0, 1, 11), (10, 11, 21), (20, 21, 31), (24, 31, 35)]),
        (6, [(0, 1, 11), (6, 11, 17), (12, 17, 23), (18, 23, 29), (24, 29, 35)]),
        (1, [(0, 1, 11), *((i, i + 10, i + 11) for i in range(1, 25))]),
    ],
)
def test_the_plan_is_that_of_lm_evaluation_harness(stride: int, expected: list[tuple[int, int, int]]) -> None:
    assert triples(plan_windows(35, 10, stride)) == expected


@given(st.data())
def test_every_token_but_the_first_is_scored_once_with_the_promised_context(data: st.DataObject) -> None:
    context_length = data.draw(st.integers(1, 30))
    stride = data.draw(st.integers(1, context_length))
    token_count = data.draw(st.integers(0, 5 * context_length + 1))
    scored_from = data.draw(st.integers(1, token_count + 1))
    windows = plan_windows(token_count, context_length, stride, scored_from=scored_from)
    scored = [index for window in windows for index in range(window.scored_from, window.stop)]
    assert scored == list(range(scored_from, token_count))
    for window in windows:
        assert 0 <= window.start < window.scored_from < window.stop <= token_count
        assert window.read_count <= context_length
        for index in range(window.scored_from, window.stop):
            assert index - window.start >= min(index, context_length - stride + 1)


@pytest.mark.parametrize("stride", [0, -1, 17, 10**9, 2.5, True, "8"])
def test_a_stride_that_is_none(tiny: GPTModel, stride: Any) -> None:
    with pytest.raises(InputError) as caught:
        score_text(tiny, "every effort moves you", stride=stride)
    assert caught.value.code == "bad_stride"
    assert caught.value.details["limit"] == CONTEXT


@pytest.mark.parametrize(
    ("text", "first_token", "code"),
    [
        ("", False, "empty_text"),
        ("", True, "empty_text"),
        ((), False, "empty_text"),
        ("every", False, "too_few_tokens"),
    ],
)
def test_texts_without_a_score(tiny: GPTModel, text: str, first_token: bool, code: str) -> None:
    with pytest.raises(InputError) as caught:
        score_text(tiny, text, first_token=first_token)
    assert caught.value.code == code


def test_ids_that_the_vocabulary_lacks(tiny: GPTModel) -> None:
    with pytest.raises(InputError) as caught:
        score_text(tiny, [1, 2, 50_257])
    assert caught.value.code == "id_out_of_range"


def test_seven_words_have_no_end_of_text(toy_model: GPTModel) -> None:
    with pytest.raises(InputError) as caught:
        score_text(toy_model, "every effort", first_token=True)
    assert caught.value.code == "no_end_of_text"


@pytest.mark.parametrize(("stride", "first_token"), [(2, False), (5, True), (8, False), (16, True)])
def test_the_same_as_a_plain_loop_over_transformers(
    oracle: tuple[GPTModel, GPT2LMHeadModel], stride: int, first_token: bool
) -> None:
    ours, theirs = oracle
    report = score_text(ours, MIXED, stride=stride, first_token=first_token)
    before = [END_OF_TEXT] if first_token else []
    ids = torch.tensor(before + gpt2_tokenizer().encode(MIXED))
    assert len(ids) > 5 * CONTEXT
    seen = 0
    for window in plan_windows(len(ids), CONTEXT, stride):
        with torch.inference_mode():
            logits = theirs(ids[None, window.start : window.stop - 1]).logits[0]
        rows = logits.log_softmax(-1)[window.scored_from - 1 - window.start :]  # (n, V)
        targets = ids[window.scored_from : window.stop]
        expected = rows.gather(-1, targets[:, None])  # (n, 1)
        place = slice(window.scored_from - len(before), window.stop - len(before))
        assert report.context_tokens[place].tolist() == [
            i - window.start for i in range(window.scored_from, window.stop)
        ]
        np.testing.assert_allclose(report.log_probability[place], expected.squeeze(-1), atol=1e-4)
        np.testing.assert_allclose(report.entropy_nats[place], -(rows.exp() * rows).sum(-1), atol=1e-4)
        np.testing.assert_allclose(report.top_probabilities[place], rows.exp().topk(3).values, rtol=1e-3)
        rounding = 1e-4  # tokens whose log-probabilities differ by less may stand in either order
        assert (report.rank[place] >= 1 + (rows > expected + rounding).sum(-1).numpy()).all()
        assert (report.rank[place] <= 1 + (rows > expected - rounding).sum(-1).numpy()).all()
        seen += len(targets)
    assert seen == report.token_count
    assert report.cross_entropy == pytest.approx(-np.nanmean(report.log_probability), abs=1e-6)
    assert report.perplexity == pytest.approx(math.exp(report.cross_entropy))


@pytest.mark.parametrize("stride", [1, 8, 16])
def test_a_text_that_fits_has_the_numbers_of_score(tiny: GPTModel, stride: int) -> None:
    ids = gpt2_tokenizer().encode(MIXED)[: CONTEXT + 1]
    long = score_text(tiny, ids, stride=stride)
    short = score(tiny, [Example.from_ids(ids, alignment="shifted")], top_k=3)
    assert long.window_count == 1
    assert long.token_count == CONTEXT
    np.testing.assert_allclose(long.log_probability[1:], short.log_probability, atol=1e-5)
    np.testing.assert_allclose(long.entropy_nats[1:], short.entropy_nats, atol=1e-5)
    assert long.rank[1:].tolist() == short.rank.tolist()
    assert long.top_token_ids[1:].tolist() == short.top_token_ids.tolist()
    assert long.to_frame()["predicted_piece"].tolist()[1:] == list(short.predicted_piece)


def test_the_first_token_s_row_says_that_it_has_no_score(tiny: GPTModel) -> None:
    frame = score_text(tiny, MIXED).to_frame()
    first = frame.iloc[0]
    assert not first["scored"]
    assert first["context_tokens"] == 0
    assert frame.iloc[0][["log_probability", "rank", "entropy_nats", "predicted_piece"]].isna().all()
    assert frame["scored"].iloc[1:].all()
    assert frame.iloc[1:].notna().all(axis=None)


def test_with_the_first_token_every_token_is_scored_and_nothing_more_is_counted(tiny: GPTModel) -> None:
    without, with_first = score_text(tiny, MIXED), score_text(tiny, MIXED, first_token=True)
    assert with_first.token_count == without.token_count + 1 == len(gpt2_tokenizer().encode(MIXED))
    assert with_first.byte_count == len(MIXED.encode())
    assert without.byte_count == len(MIXED.encode()) - len("Every")
    assert with_first.text.token_id.tolist() == without.text.token_id.tolist()
    assert with_first.to_frame()["scored"].all()
    one = score_text(tiny, "every", first_token=True)
    expected = score(tiny, [Example.from_ids([END_OF_TEXT], [gpt2_tokenizer().encode("every")[0]])])
    assert one.cross_entropy == pytest.approx(expected.cross_entropy, abs=1e-5)
    assert (one.token_count, one.byte_count, one.context_tokens.tolist()) == (1, 5, [1])


def test_special_tokens_have_no_bytes(tiny: GPTModel) -> None:
    ids = gpt2_tokenizer().encode("every effort moves you")
    report = score_text(tiny, [ids[0], END_OF_TEXT, *ids[1:], END_OF_TEXT])
    assert report.token_count == len(ids) + 1
    assert report.byte_count == len(" effort moves you")
    assert report.text.text == "every effort moves you"
    assert report.bits_per_byte == pytest.approx(report.total_nats / math.log(2) / 17)


@pytest.mark.parametrize("unit", UNITS)
def test_special_tokens_alone_are_one_unit_without_text(tiny: GPTModel, unit: TextUnit) -> None:
    report = score_text(tiny, [END_OF_TEXT] * 3)
    frame = report.by(unit)
    assert frame["text"].tolist() == [""]
    assert frame["tokens"].tolist() == [2]
    assert frame["surprisal_nats"].sum() == pytest.approx(report.total_nats)
    assert math.isnan(report.bits_per_byte)


def test_bytes_are_no_token_ids(tiny: GPTModel) -> None:
    with pytest.raises(TypeError, match="decode"):
        score_text(tiny, b"every effort")


def test_no_plan_without_a_context() -> None:
    with pytest.raises(ValueError, match="context_length"):
        plan_windows(5, 0)


@pytest.mark.parametrize("first_token", [False, True])
@pytest.mark.parametrize("unit", UNITS)
def test_units_sum_to_the_tokens(tiny: GPTModel, unit: TextUnit, first_token: bool) -> None:
    report = score_text(tiny, MIXED, first_token=first_token)
    frame = report.by(unit)
    assert frame["tokens"].sum() == report.token_count
    assert math.fsum(frame["surprisal_nats"]) == pytest.approx(report.total_nats, rel=1e-14)
    assert math.fsum(frame["log_probability"]) == pytest.approx(-report.total_nats, rel=1e-14)
    assert [MIXED[a:b] for a, b in zip(frame["start"], frame["end"], strict=True)] == frame["text"].tolist()
    scored = frame[frame["tokens"] > 0]
    np.testing.assert_allclose(scored["perplexity"], np.exp(scored["surprisal_nats"] / scored["tokens"]))


@settings(max_examples=30)
@given(
    st.text(st.sampled_from("a b.天😀é\n\r\t'!? "), min_size=2, max_size=60),
    st.integers(1, 4),
    st.sampled_from(UNITS),
)
def test_any_text_in_any_unit(text: str, stride: int, unit: TextUnit) -> None:
    model = untrained_model(GPTConfig(50_257, 4, emb_dim=2, n_heads=1, n_layers=1), seed=0)
    report = score_text(model, text, first_token=True, stride=stride)
    assert report.text.text == text
    assert report.byte_count == len(text.encode())
    frame = report.by(unit)
    assert frame["tokens"].sum() == report.token_count == len(report.text)
    assert math.fsum(frame["surprisal_nats"]) == pytest.approx(report.total_nats, rel=1e-14)
    covered = np.zeros(len(text), dtype=bool)
    for start, end in zip(report.text.start, report.text.end, strict=True):
        assert start < end
        covered[start:end] = True
    assert covered.all()


def test_a_character_of_several_tokens_and_a_token_of_several_characters(tiny: GPTModel) -> None:
    report = score_text(tiny, "a很 moves")
    assert report.text.pieces == ("a", "⟨e5 be⟩", "⟨88⟩", " moves")
    assert list(zip(report.text.start.tolist(), report.text.end.tolist(), strict=True)) == [
        (0, 1),
        (1, 2),
        (1, 2),
        (2, 8),
    ]
    characters = report.by("character")
    assert characters["text"].tolist() == list("a很 moves")
    assert characters["tokens"].tolist() == [0, 2, 1, 0, 0, 0, 0, 0]
    nats = report.surprisal_nats.astype(float)
    assert characters["surprisal_nats"].tolist() == pytest.approx([0, nats[1] + nats[2], nats[3], 0, 0, 0, 0, 0])
    words = report.by("word")
    assert words["text"].tolist() == ["a", "很", "moves"]
    assert words["tokens"].tolist() == [0, 2, 1]


def test_per_unit(tiny: GPTModel) -> None:
    text = "Every effort, 3.14 times; moves you."
    report = score_text(tiny, text, first_token=True)
    words = report.per("word")
    assert words.count == 6  # punctuation is no word
    assert words.nats == pytest.approx(report.total_nats / 6)
    assert words.perplexity == pytest.approx(math.exp(report.total_nats / 6))
    assert report.per("token").perplexity == pytest.approx(report.perplexity)
    assert report.per("byte").bits == pytest.approx(report.bits_per_byte)
    assert report.per("byte").count == report.per("character").count == len(text)
    assert report.per("line").count == report.per("sentence").count == 1
    without = score_text(tiny, text)
    assert without.per("word").count == 5  # the first token is "Every": it has no score


def test_records_window_by_window_collect_to_the_report(tiny: GPTModel) -> None:
    job = prepare_text(tiny.config, MIXED, stride=4)
    assert job.batches[0] == (0,)
    assert [index for batch in job.batches for index in batch] == list(range(len(job.windows)))
    records = list(score_text_records(tiny, MIXED, stride=4))
    assert [record.window for record in records] == list(job.windows)
    whole = score_text(tiny, MIXED, stride=4)
    partial = job.report(records[:3])
    assert partial.token_count == sum(record.window.scored_count for record in records[:3]) < whole.token_count
    assert partial.scored[: records[2].window.stop].sum() == partial.token_count
    assert np.isnan(partial.log_probability[records[2].window.stop :]).all()
    collected = job.report(records[::-1])
    np.testing.assert_array_equal(collected.log_probability, whole.log_probability)
    assert whole.cross_entropy == pytest.approx(
        sum(record.cross_entropy * record.window.scored_count for record in records) / whole.token_count
    )
    with pytest.raises(ValueError, match="no window"):
        job.report([])


def test_words_are_cut_once_while_windows_come_in(tiny: GPTModel, monkeypatch: pytest.MonkeyPatch) -> None:
    cut: list[str] = []

    def counted(text: str, unit: TextUnit) -> Units:
        cut.append(unit)
        return split_units(text, unit)

    monkeypatch.setattr(results_of_windows, "split_units", counted)
    job = prepare_text(tiny.config, "Every effort moves you. " * 40, tokenizer=tiny.tokenizer)
    records = list(job.records(tiny))
    counts = [job.report(records[:done]).per("word").count for done in (1, 2, len(records))]
    assert (cut, sorted(set(counts))) == (["word"], counts)


def test_strides(tiny: GPTModel) -> None:
    found = list(score_strides(tiny, MIXED, [1, 4, 8, 16]))
    reports = [score_text(tiny, MIXED, stride=stride) for stride in (1, 4, 8, 16)]
    assert [each.stride for each in found] == [1, 4, 8, 16]
    assert [each.cross_entropy for each in found] == pytest.approx([report.cross_entropy for report in reports])
    assert [each.windows for each in found] == [report.window_count for report in reports]
    assert [each.tokens_read for each in found] == sorted((each.tokens_read for each in found), reverse=True)
    for each, report in zip(found, reports, strict=True):
        assert each.perplexity == pytest.approx(report.perplexity)
        assert each.perplexity_per_word == pytest.approx(report.per("word").perplexity)
        assert each.bits_per_byte == pytest.approx(report.bits_per_byte)
    whole = found[-1]
    records = list(score_text_records(tiny, MIXED, stride=16))
    assert records[-1].window.scored_count < 16
    assert whole.mean_of_windows_nats == pytest.approx(np.mean([record.cross_entropy for record in records]))
    assert whole.mean_of_windows_nats != pytest.approx(whole.cross_entropy, rel=1e-6)


def test_a_token_of_a_long_text_takes_little_memory(tiny: GPTModel) -> None:
    """So that a megabyte of text, at most a million tokens, stays far below 400 MB."""
    words = "every effort moves you 今天 " * 600
    job = prepare_text(tiny.config, words, tokenizer=tiny.tokenizer)
    records = list(job.records(tiny))
    tokens = len(job.text)
    assert tokens > 4_000
    tracemalloc.start()
    report = job.report(iter(records))
    of_report = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    split_units(report.text.text, "word")
    of_words = tracemalloc.get_traced_memory()[1] - tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert of_report / tokens < 160  # its arrays are 60 bytes a token, the three likeliest as text 80
    assert of_words / len(words) < 40  # 33 bytes a unit, twice for a moment, and no Python object a unit


def test_seven_words(toy_model: GPTModel) -> None:
    text = "every effort moves you forward " * 10
    report: TextReport = score_text(toy_model, text)
    assert report.window_count > 1
    assert report.token_count == 49
    assert report.byte_count == len(text.replace(" ", "")) - len("every")
    starts = [text.index("every"), text.index("effort"), text.index("moves")]
    assert report.text.start[:3].tolist() == starts
    assert report.by("word")["tokens"].tolist() == [0] + [1] * 49


def test_a_model_that_would_drop_activations() -> None:
    model = untrained_model(GPTConfig(50_257, 4, emb_dim=2, n_heads=1, n_layers=1, drop_rate=0.5), seed=0)
    with pytest.raises(ValueError, match=r"model\.eval"):
        score_text(model.train(), "every effort")


def test_a_report_as_plain_values_is_json(tiny: GPTModel) -> None:
    import json

    written = json.loads(json.dumps(score_text(tiny, MIXED).to_dict(), allow_nan=False))
    assert written["tokens"][0]["log_probability"] is None
    assert written["tokens"][1]["log_probability"] < 0
    assert written["text"] == MIXED
