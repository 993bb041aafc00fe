"""The report: its tables agree with one another, and it travels."""

import json
import math
import pickle
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gptcore import Example, GPTModel, Report, score
from gptcore.initialization import seeded_generator
from gptcore.results.report import NATS_PER_BIT
from tests.support.given import score_logits

COLUMNS = [
    "example",
    "position",
    "prompt_token_id",
    "prompt_piece",
    "target_token_id",
    "target_piece",
    "target_probability",
    "log_probability",
    "rank",
    "entropy_nats",
    "predicted_token_id",
    "predicted_piece",
    "predicted_probability",
]


@pytest.fixture
def report(toy_model: GPTModel) -> Report:
    return score(toy_model, [Example("every effort moves", "effort moves you"), Example("zoo", "a")])


def random_report(seed: int, lengths: list[int]) -> Report:
    logits = 3 * torch.randn(len(lengths), max(lengths), 9, generator=seeded_generator(seed))
    return score_logits(logits, [[t % 9 for t in range(length)] for length in lengths])


def test_the_table_has_a_row_a_scored_position(report: Report) -> None:
    frame = report.to_frame()
    assert list(frame.columns) == COLUMNS
    assert len(frame) == report.positions == 4
    assert frame["example"].tolist() == [0, 0, 0, 1]
    assert frame["position"].tolist() == [0, 1, 2, 0]
    assert frame["prompt_piece"].tolist() == ["every", "effort", "moves", "zoo"]
    assert frame["target_piece"].tolist() == ["effort", "moves", "you", "a"]
    for name in COLUMNS:
        assert frame[name].tolist() == list(getattr(report, name)), name


def test_shapes(report: Report) -> None:
    assert report.input_shape == (2, 3)
    assert report.logits_shape == (2, 3, 7)
    assert report.flat_logits_shape == (4, 7)  # what is padded is not among them
    assert report.flat_targets_shape == (4,)
    assert report.uniform_cross_entropy == math.log(7)
    for name in ("target_probability", "log_probability", "entropy_nats", "predicted_probability", "target_logit"):
        assert getattr(report, name).dtype == np.float32, name
    assert report.provenance.dtype == "float32"


lengths = st.lists(st.integers(1, 6), min_size=1, max_size=5)
seeds = st.integers(0, 2**32 - 1)


@given(seeds, lengths)
def test_every_link_of_the_chain_follows_from_the_one_before(seed: int, lengths: list[int]) -> None:
    report = random_report(seed, lengths)
    assert report.target_probability == pytest.approx(np.exp(report.log_probability.astype(float)), rel=1e-5)
    assert report.mean_log_probability == pytest.approx(report.log_probability.mean(dtype=float), rel=1e-6)
    assert report.cross_entropy == -report.mean_log_probability
    assert report.perplexity == pytest.approx(math.exp(report.cross_entropy), rel=1e-6)
    assert report.cross_entropy_bits * NATS_PER_BIT == pytest.approx(report.cross_entropy)
    assert 2**report.cross_entropy_bits == pytest.approx(report.perplexity, rel=1e-6)


@given(seeds, lengths)
def test_shares_make_up_the_whole(seed: int, lengths: list[int]) -> None:
    report = random_report(seed, lengths)
    assert report.share_of_loss.sum() == pytest.approx(1, abs=1e-6)
    assert (report.share_of_loss >= 0).all()
    assert math.prod(report.perplexity_factor) == pytest.approx(report.perplexity, rel=1e-5)
    assert (report.perplexity_factor >= 1).all()


@given(seeds, lengths)
def test_examples_weighted_by_their_positions_make_up_the_whole(seed: int, lengths: list[int]) -> None:
    report = random_report(seed, lengths)
    examples = report.per_example()
    assert examples["positions"].tolist() == lengths
    weighted = np.average(examples["cross_entropy"], weights=examples["positions"])
    assert weighted == pytest.approx(report.cross_entropy, rel=1e-6)
    assert examples["perplexity"].tolist() == pytest.approx(np.exp(examples["cross_entropy"]).tolist())


@given(seeds, st.integers(1, 6))
def test_one_example_is_the_whole(seed: int, length: int) -> None:
    report = random_report(seed, [length])
    (only,) = report.per_example().to_dict(orient="records")
    assert only["perplexity"] == pytest.approx(report.perplexity, rel=1e-6)
    assert only["mean_log_probability"] == pytest.approx(report.mean_log_probability, rel=1e-6)


def test_a_loss_of_nothing_has_no_shares() -> None:
    report = score_logits(torch.tensor([[[200.0, 0.0]]]), [[0]])
    assert report.share_of_loss.tolist() == [0]
    assert report.perplexity_factor.tolist() == [1]


def test_top_k(report: Report) -> None:
    table = report.top_k(2, k=3)
    assert list(table.columns) == ["rank", "token_id", "piece", "probability"]
    assert table["rank"].tolist() == [1, 2, 3]
    assert table["token_id"][0] == report.predicted_token_id[2]
    assert table["piece"][0] == report.predicted_piece[2]
    assert table["probability"][0] == report.predicted_probability[2]
    assert table["probability"].is_monotonic_decreasing
    assert table["probability"].sum() < 1  # shares of the whole, not of the three
    assert report.top_k(0, k=7)["probability"].sum() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("k", [0, -1, 8])
def test_more_choices_than_were_kept_are_refused(report: Report, k: int) -> None:
    with pytest.raises(ValueError, match="k must be from 1 to 7, the number kept"):
        report.top_k(0, k=k)


def test_bytes_of_the_targets(report: Report) -> None:
    assert report.target_bytes == len("effort" + "moves" + "you" + "a")


def test_bytes_of_parts_of_characters(book_model: GPTModel) -> None:
    """Bits per byte compare across tokenizers, in Chinese as well: three bytes a character, in parts."""
    chinese = score(book_model, [Example("今天", "天气很好", "continuation")])
    assert any(piece.startswith("⟨") for piece in chinese.target_piece)
    assert chinese.target_bytes == len("天气很好".encode()) == 12


def test_it_travels(report: Report) -> None:
    """Pickled for a cache or another process, and as JSON for whoever takes it along."""
    copy = pickle.loads(pickle.dumps(report))
    assert copy.to_dict() == report.to_dict()
    plain = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert plain["perplexity"] == report.perplexity
    assert plain["model"]["seed"] == 123
    assert plain["examples"][1] == {"prompt": "zoo", "target": "a", "alignment": "paired"}
    assert plain["positions"] == report.to_frame().to_dict(orient="records")
    assert {"python", "torch", "tiktoken", "numpy"} <= plain["versions"].keys()


def test_it_cannot_be_changed_and_is_equal_to_itself_alone(report: Report) -> None:
    with pytest.raises(FrozenInstanceError):
        report.perplexity = 1.0  # type: ignore[misc]
    assert report == report
    assert report != pickle.loads(pickle.dumps(report))  # compare numbers, not reports
    assert {report: 1}[report] == 1


def test_json_holds_no_infinity(toy_model: GPTModel) -> None:
    report = score(toy_model, [Example("every effort", "effort moves")])
    beyond = replace(report, perplexity=float("inf"))
    assert beyond.to_dict()["perplexity"] is None
    assert json.loads(json.dumps(beyond.to_dict(), allow_nan=False))["cross_entropy"] == report.cross_entropy
