"""The shelf of models: bounded in memory, drawn over in place, exact for everyone who comes at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
import torch

from gptcore import Example, Report, score, untrained_model
from gptcore.config import SIZES
from gptcore.errors import InputError
from gptcore.model import GPTModel
from gptcore.presets import PRESETS
from gptcore.ui import memory
from gptcore.ui.models import cache, result_cache
from gptcore.ui.models.cache import ModelShelf
from gptcore.ui.models.choice import ModelChoice

TOY_EXAMPLES = [Example("every effort moves", "effort moves you")]
BOOK = PRESETS["book"]


def toy(seed: int, context_length: int = 16) -> ModelChoice:
    return ModelChoice(size="toy", context_length=context_length, seed=seed)


def mini(seed: int) -> ModelChoice:
    return ModelChoice(size="mini", seed=seed)


TOY_BYTES = toy(0).config.weight_bytes
MINI_BYTES = mini(0).config.weight_bytes


@pytest.fixture(autouse=True)
def _no_results_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test an empty cache of reports."""
    monkeypatch.setattr(result_cache, "_KEPT", result_cache.LRUCache(most=8))


def scored(shelf: ModelShelf, choice: ModelChoice) -> Report:
    with shelf.turn(choice) as model:
        return score(model, TOY_EXAMPLES if choice.size == "toy" else BOOK)


def alone(choice: ModelChoice) -> Report:
    model = untrained_model(choice.config, choice.seed)
    return score(model, TOY_EXAMPLES if choice.size == "toy" else BOOK)


def held(shelf: ModelShelf, *seeds: int) -> list[int]:
    return [seed for seed in seeds if shelf.holds(toy(seed))]


def test_the_least_recently_used_goes_when_the_bytes_are_too_many() -> None:
    shelf = ModelShelf(max_bytes=3 * TOY_BYTES)
    for seed in (1, 2, 3):
        scored(shelf, toy(seed))
    assert shelf.bytes_held == 3 * TOY_BYTES
    scored(shelf, toy(1))  # used again: now 2 is the oldest
    scored(shelf, toy(4))
    assert held(shelf, 1, 2, 3, 4) == [1, 3, 4]
    assert shelf.bytes_held == 3 * TOY_BYTES


def test_one_model_is_kept_even_if_it_alone_is_too_large() -> None:
    shelf = ModelShelf(max_bytes=1)
    scored(shelf, toy(1))
    scored(shelf, toy(2))
    assert held(shelf, 1, 2) == [2]


def test_a_large_model_takes_the_place_of_several_small_ones() -> None:
    shelf = ModelShelf(max_bytes=MINI_BYTES + TOY_BYTES)
    for seed in range(4):
        scored(shelf, toy(seed))
    scored(shelf, mini(0))
    assert shelf.holds(mini(0))
    assert shelf.bytes_held <= shelf.max_bytes
    assert held(shelf, *range(4)) == [3]


def test_the_oldest_ones_memory_is_drawn_over_and_the_numbers_are_exact() -> None:
    shelf = ModelShelf(max_bytes=2 * TOY_BYTES)
    places = []
    for seed in (1, 2, 3, 4):
        with shelf.turn(toy(seed)) as model:
            assert isinstance(model, GPTModel)
            places.append(model.tok_emb.weight.data_ptr())
            fresh = untrained_model(toy(seed).config, seed).state_dict()
            assert all(torch.equal(weights, fresh[name]) for name, weights in model.state_dict().items())
            assert model.origin.seed == seed
    assert places[2:] == places[:2]  # nothing was allocated for the third and the fourth


def test_another_shape_is_not_drawn_over() -> None:
    shelf = ModelShelf(max_bytes=TOY_BYTES)
    short, long = toy(1, context_length=16), toy(1, context_length=32)
    assert scored(shelf, short).cross_entropy == alone(short).cross_entropy
    assert scored(shelf, long).cross_entropy == alone(long).cross_entropy
    assert not shelf.holds(short)


def test_ten_seeds_in_turn_are_bounded_and_a_second_round_grows_nothing() -> None:
    shelf = ModelShelf(max_bytes=2 * MINI_BYTES)
    process = psutil.Process()

    def round_of_ten() -> tuple[list[float], int]:
        losses = [scored(shelf, mini(seed)).cross_entropy for seed in range(10)]
        assert shelf.bytes_held == 2 * MINI_BYTES
        return losses, process.memory_info().rss

    first, after_first = round_of_ten()
    second, after_second = round_of_ten()
    assert second == first
    assert after_second - after_first < MINI_BYTES / 2  # not even half a model more; ten would be twenty halves


def test_eight_visitors_at_the_same_moment_get_the_numbers_that_they_would_get_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Bit for bit, through the pages' own way to a report; the shelf holds fewer models than there are visitors."""
    monkeypatch.setattr(cache, "_SHELF", ModelShelf(max_bytes=3 * MINI_BYTES))
    seeds = [0, 1, 123, 7, 8, 2**32 - 1, 42, 9]
    at_once = threading.Barrier(len(seeds))

    def visit(seed: int) -> list[Report]:
        at_once.wait(timeout=60)
        return [result_cache.prepare(mini(seed), BOOK)[0] for _ in range(2)]

    with ThreadPoolExecutor(len(seeds)) as pool:
        visits = list(pool.map(visit, seeds))
    for seed, seen in zip(seeds, visits, strict=True):
        expected = alone(mini(seed))
        for report in seen:
            assert report.provenance.origin.seed == seed
            assert report.log_probability.tolist() == expected.log_probability.tolist()
            assert report.predicted_token_id.tolist() == expected.predicted_token_id.tolist()
            assert (report.cross_entropy, report.perplexity) == (expected.cross_entropy, expected.perplexity)


def test_a_model_too_large_for_the_machine_is_refused_before_it_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: TOY_BYTES)
    shelf = ModelShelf()
    with pytest.raises(InputError) as caught:
        scored(shelf, toy(1))
    assert (caught.value.code, set(caught.value.details)) == ("no_memory", {"wanted", "free"})
    assert shelf.gate.waiting == 0
    monkeypatch.setattr(memory, "available_bytes", lambda: None)  # a system that does not tell: try
    assert scored(shelf, toy(1)).positions == 3


def test_a_turn_that_fails_leaves_the_shelf_as_it_was() -> None:
    shelf = ModelShelf()
    with pytest.raises(ZeroDivisionError), shelf.turn(toy(1)):
        raise ZeroDivisionError
    assert scored(shelf, toy(1)).cross_entropy == alone(toy(1)).cross_entropy


def test_results_are_kept_by_what_decides_them_and_not_for_ever() -> None:
    kept = result_cache.LRUCache(most=2)
    kept.keep("a", 1)
    kept.keep("b", 2)
    assert kept.get("a") == 1
    kept.keep("c", 3)
    assert [kept.get(key) for key in "abc"] == [1, None, 3]


def test_results_are_kept_by_their_size() -> None:
    kept = result_cache.LRUCache(most=10, size=len)
    for key, result in {"a": "1234", "b": "1234", "c": "12345", "d": "12345678901"}.items():
        kept.keep(key, result)
    assert [kept.get(key) for key in "abcd"] == [None, "1234", "12345", None]  # the last is too large by itself


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_another_position_or_temperature_reads_the_text_no_second_time(
    monkeypatch: pytest.MonkeyPatch, temperature: float
) -> None:
    read: list[int] = []
    forward = GPTModel.hidden_states

    def counted(model: GPTModel, ids: torch.Tensor) -> torch.Tensor:
        read.append(len(ids))
        return forward(model, ids)

    monkeypatch.setattr(GPTModel, "hidden_states", counted)
    report, first = result_cache.prepare(mini(5), BOOK)
    other, last = result_cache.prepare(mini(5), BOOK, temperature, index=5)
    assert read == [2]  # two texts, once
    model = untrained_model(SIZES["mini"], 5)
    expected = score(model, BOOK, temperature=temperature)
    assert other.log_probability.tolist() == expected.log_probability.tolist()
    assert last.target_rank == expected.rank[5]
    assert last.target_probability == pytest.approx(float(expected.target_probability[5]), rel=1e-6)
    assert first.target_rank == report.rank[0]
    read.clear()
    result_cache.prepare(mini(5), BOOK[:1])
    result_cache.prepare(mini(6), BOOK[:1])
    assert read == [1, 1]  # another text, another model


def test_sizes_of_the_app_fit_their_names() -> None:
    assert ModelChoice().config == SIZES["124M"]
    assert ModelChoice(context_length=1024).config.context_length == 1024
