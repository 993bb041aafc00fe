"""Sweeps: the streamed pass is the held model's, whoever computes it and in whatever order, and nothing is lost."""

import math
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gptcore.config import GPT_CONFIG_124M, MAX_SEED, SIZES, GPTConfig
from gptcore.errors import Cancelled, InputError
from gptcore.examples import Example, encode
from gptcore.initialization import untrained_model
from gptcore.presets import PRESETS
from gptcore.results.comparison import aligned_rows
from gptcore.results.report import Report
from gptcore.results.seeds import SeedRecord, SeedTable, sweep_to_dict
from gptcore.scoring import rank_curve, score
from gptcore.sweeps import cluster as cluster_module
from gptcore.sweeps import runner
from gptcore.sweeps.cache import SweepCache, sweep_key
from gptcore.sweeps.runner import compare_examples, score_seed, sweep_seeds
from gptcore.sweeps.seed_lists import parse_seeds, seed_range, write_seeds
from gptcore.sweeps.streamed_model import StreamedModel
from gptcore.sweeps.workers import use_one_torch_thread
from gptcore.tokenizers.gpt2 import gpt2_tokenizer

BOOK = PRESETS["book"]
MINI = SIZES["mini"].with_(emb_dim=64, n_layers=2)
TOY_EXAMPLE = Example("every effort moves", "effort moves you")
ROUNDING = 2e-6  # relative; float32 carries 6e-8, and a product taken in slices may round its sums otherwise


@pytest.mark.parametrize(
    "config",
    [
        MINI,
        MINI.with_(context_length=300, qkv_bias=True),
        MINI.with_(tie_output_head=True),
        MINI.with_(emb_dim=20, n_heads=2),  # rows that do not fill PyTorch's sixteens
        MINI.with_(emb_dim=1, n_heads=1, context_length=130),  # a last slice of fewer than sixteen numbers
        SIZES["toy"],
    ],
    ids=["mini", "bias", "tied", "narrow", "one wide", "toy"],
)
def test_streamed_model_scores_as_the_held_one(config: GPTConfig) -> None:
    examples = [TOY_EXAMPLE] if config.vocab_size == 7 else BOOK
    held = score(untrained_model(config, 7), examples)
    streamed = score(StreamedModel(config).draw(7), examples)
    np.testing.assert_allclose(streamed.log_probability, held.log_probability, rtol=ROUNDING)
    np.testing.assert_allclose(streamed.top_probabilities, held.top_probabilities, rtol=ROUNDING * 10)
    assert streamed.rank.tolist() == held.rank.tolist()
    assert streamed.provenance == held.provenance
    assert f"{streamed.cross_entropy:.4f}" == f"{held.cross_entropy:.4f}"


def test_streamed_model_can_be_asked_again_and_for_another_seed() -> None:
    model = StreamedModel(MINI)
    first = score(model.draw(1), BOOK)
    score(model.draw(2), BOOK)
    again = score(model.draw(1), BOOK)
    assert again.log_probability.tolist() == first.log_probability.tolist()
    batch = encode(BOOK, gpt2_tokenizer())
    curve = rank_curve(model, batch, 4)
    assert curve.target_rank == first.rank[4]


def test_more_positions_than_are_scored_at_once() -> None:
    text = Example(" every effort moves you forward" * 15, alignment="shifted")
    held, streamed = score(untrained_model(MINI, 3), [text]), score_seed(MINI, [text], 3)
    assert streamed.report.positions > 64
    np.testing.assert_allclose(streamed.report.log_probability, held.log_probability, rtol=ROUNDING)
    assert streamed.logit_std.shape == (streamed.report.positions,)


def test_the_books_seed_in_a_sweep() -> None:
    (record,) = sweep_seeds(GPT_CONFIG_124M, BOOK, [123], finished=SweepCache())
    assert record.seed == 123
    assert record.report.cross_entropy == pytest.approx(10.7940, abs=5e-5)
    assert record.report.perplexity == pytest.approx(48725.82, rel=1e-5)
    assert record.report.rank.tolist() == [258, 7247, 37218, 40358, 877, 49549]
    assert record.logit_std == pytest.approx(1 / math.sqrt(3), abs=0.005)  # weights in ±1/√C: variance 1/3


@pytest.mark.slow
def test_forty_seeds_on_the_books_rows() -> None:
    records = list(sweep_seeds(GPT_CONFIG_124M, BOOK, range(40), finished=SweepCache()))
    summary = SeedTable.of(records).summary()
    assert summary.count == 40
    assert summary.mean == pytest.approx(10.9407, abs=5e-5)
    assert summary.standard_deviation == pytest.approx(0.2714, abs=5e-5)  # of a sample: divided by 39
    assert summary.below_uniform == 12
    assert summary.standard_error == pytest.approx(0.0429, abs=5e-5)


class Inline(Executor):
    """Computes on the spot."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@pytest.fixture(scope="module")
def alone() -> dict[int, float]:
    """Each seed's loss from a held model, one after the other."""
    return {seed: score(untrained_model(MINI, seed), BOOK).cross_entropy for seed in range(6)}


def losses(records: Iterator[SeedRecord]) -> dict[int, float]:
    return {record.seed: record.report.cross_entropy for record in records}


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [3, 0, 5, 1, 4, 2]], ids=str)
@pytest.mark.parametrize("executor", [None, Inline(), ThreadPoolExecutor(3)], ids=["default", "inline", "threads"])
def test_every_executor_and_order_gives_each_seeds_own_numbers(
    alone: dict[int, float], executor: Executor | None, order: Sequence[int]
) -> None:
    assert losses(sweep_seeds(MINI, BOOK, order, executor, finished=SweepCache())) == pytest.approx(alone, rel=ROUNDING)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of a cluster's own making
def test_a_cluster_of_two_processes(alone: dict[int, float], monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")
    # A process that is spawned runs __main__ again, and AppTest leaves the app there.
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    with (
        mock.patch.dict(os.environ),  # a cluster sets OMP_NUM_THREADS=1 in it, and leaves it so
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        process_ids = set(client.run(os.getpid).values())
        assert len(process_ids) == 2
        assert os.getpid() not in process_ids
        executor = client.get_executor(pure=False)
        found = losses(sweep_seeds(MINI, BOOK, range(6), executor, finished=SweepCache()))
        assert found == pytest.approx(alone, rel=ROUNDING)

        monkeypatch.setenv(cluster_module.SCHEDULER_VARIABLE, cluster.scheduler_address)
        monkeypatch.setattr(runner, "score_seed", _only_elsewhere(os.getpid()))
        try:
            found = losses(sweep_seeds(MINI, BOOK, [5, 2, 0, 1, 3, 4], finished=SweepCache()))
            assert found == pytest.approx(alone, rel=ROUNDING)
        finally:
            cluster_module.close_clients()


def _only_elsewhere(this_process: int) -> Callable[..., SeedRecord]:
    def score_seed_elsewhere(*args: Any) -> SeedRecord:
        import os

        from gptcore.sweeps.runner import score_seed

        assert os.getpid() != this_process
        return score_seed(*args)

    return score_seed_elsewhere


def test_a_scheduler_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setenv(cluster_module.SCHEDULER_VARIABLE, "nonsense://nowhere")
    with pytest.raises(InputError) as caught:
        next(sweep_seeds(MINI, BOOK, [0], finished=SweepCache()))
    assert caught.value.code == "no_cluster"


def test_temperature_divides_the_logits() -> None:
    (plain,) = sweep_seeds(MINI, BOOK, [3], finished=SweepCache())
    (warm,) = sweep_seeds(MINI, BOOK, [3], temperature=2.0, finished=SweepCache())
    held = score(untrained_model(MINI, 3), BOOK, temperature=2.0)
    assert warm.report.cross_entropy == pytest.approx(held.cross_entropy, rel=ROUNDING)
    np.testing.assert_allclose(warm.logit_std, plain.logit_std / 2, rtol=ROUNDING)


def test_stopping_ends_the_work_within_a_second() -> None:
    sweep = sweep_seeds(GPT_CONFIG_124M, BOOK, range(MAX_SEED), finished=SweepCache())
    next(sweep)
    start = time.monotonic()
    sweep.close()  # type: ignore[attr-defined]
    assert time.monotonic() - start < 1.0
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("sweep")]


def test_a_sweep_that_is_told_to_stop_ends_within_a_second() -> None:
    told = threading.Event()
    sweep = sweep_seeds(GPT_CONFIG_124M, BOOK, range(MAX_SEED), finished=SweepCache(), stopped=told.is_set)
    next(sweep)
    threading.Timer(0.05, told.set).start()
    start = time.monotonic()
    assert len(list(sweep)) <= 4
    assert time.monotonic() - start < 1.5


def test_a_pass_that_nobody_waits_for_ends() -> None:
    with pytest.raises(Cancelled):
        score_seed(MINI, BOOK, 0, 1.0, lambda: True)


def test_workers_leave_other_threads_their_cores() -> None:
    before, seen = torch.get_num_threads(), []

    def worker() -> None:
        use_one_torch_thread()
        seen.append(torch.get_num_threads())

    for target in (worker, lambda: seen.append(torch.get_num_threads())):
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()
    assert seen == [1, before]
    assert torch.get_num_threads() == before


def test_finished_seeds_are_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    finished, computed = SweepCache(), []

    def counted(*args: Any) -> SeedRecord:
        computed.append(args[2])
        return score_seed(*args)

    monkeypatch.setattr(runner, "score_seed", counted)
    sweep = sweep_seeds(MINI, BOOK, range(5), Inline(), finished=finished)
    first = [next(sweep) for _ in range(3)]
    sweep.close()  # type: ignore[attr-defined]
    whole = list(sweep_seeds(MINI, BOOK, range(5), Inline(), finished=finished))
    assert sorted(computed) == [0, 1, 2, 3, 4]
    assert [record for record in whole if record.seed == first[0].seed] == [first[0]]
    list(sweep_seeds(MINI, BOOK, [0], Inline(), temperature=2.0, finished=finished))
    list(sweep_seeds(MINI, BOOK[:1], [0], Inline(), finished=finished))
    list(sweep_seeds(MINI.with_(context_length=128), BOOK, [0], Inline(), finished=finished))
    assert computed[5:] == [0, 0, 0]  # another temperature, text or size is another number


def test_what_is_kept_in_memory_is_bounded() -> None:
    finished = SweepCache(most_positions=20)  # six positions a seed
    for seed in range(5):
        list(sweep_seeds(MINI, BOOK, [seed], finished=finished))
    key = sweep_key(MINI, BOOK, 1.0)
    assert [seed for seed in range(5) if finished.get(key, seed)] == [2, 3, 4]
    assert len(finished) == 3


KILLED = """
import sys
from gptcore.config import SIZES
from gptcore.presets import PRESETS
from gptcore.sweeps import sweep_seeds
for record in sweep_seeds(SIZES["mini"].with_(emb_dim=64, n_layers=2), PRESETS["book"], range(100_000)):
    sys.stdout.write(f"{record.seed} {record.report.cross_entropy!r}\\n")
    sys.stdout.flush()
"""


def test_a_killed_sweep_loses_nothing_it_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {**os.environ, "GPT_EXPLORER_SWEEPS": str(tmp_path)}
    told = {}
    with subprocess.Popen(
        [sys.executable, "-c", KILLED], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            told[int(line.split()[0])] = float(line.split()[1])
            if len(told) == 5:
                process.send_signal(signal.SIGKILL)
                break
    monkeypatch.setattr(runner, "score_seed", None)  # not callable: nothing may be computed
    resumed = list(sweep_seeds(MINI, BOOK, sorted(told), Inline(), finished=SweepCache(tmp_path)))
    assert losses(iter(resumed)) == told
    for record in resumed:
        held = score(untrained_model(MINI, record.seed), BOOK, top_k=runner.TOP_K)
        pd.testing.assert_frame_equal(record.report.to_frame(), held.to_frame(), rtol=ROUNDING * 10)
        assert record.report.top_pieces == held.top_pieces
        assert record.report.provenance == held.provenance


def test_what_cannot_be_scored_is_said_before_anything_runs() -> None:
    with pytest.raises(InputError) as caught:
        sweep_seeds(MINI, [Example("every effort", " effort")], range(3))
    assert (caught.value.code, caught.value.example) == ("count_mismatch", 0)
    with pytest.raises(InputError) as caught:
        compare_examples(untrained_model(MINI, 0), [BOOK[0], Example(" a" * 300, alignment="shifted")])
    assert (caught.value.code, caught.value.example) == ("too_many_tokens", 1)
    with pytest.raises(InputError) as caught:
        list(sweep_seeds(MINI, BOOK, [1, -1], finished=SweepCache()))
    assert caught.value.code == "bad_seed"


def test_a_table_of_seeds_agrees_with_its_records() -> None:
    records = list(sweep_seeds(MINI, BOOK, [4, 2, 9], finished=SweepCache()))
    table = SeedTable.of(records)
    assert table.seeds.tolist() == [2, 4, 9]
    by_seed = {record.seed: record.report for record in records}
    frame = table.to_frame()
    for index, seed in enumerate(table.seeds.tolist()):
        assert frame.cross_entropy[index] == by_seed[seed].cross_entropy
        assert frame.iloc[index, 3:].tolist() == by_seed[seed].log_probability.tolist()
    summary = table.summary()
    assert summary.mean == pytest.approx(np.mean(frame.cross_entropy))
    assert summary.standard_deviation == pytest.approx(float(np.std(frame.cross_entropy, ddof=1)))
    assert table.per_position()["mean"].tolist() == pytest.approx(table.log_probability.mean(axis=0).tolist())
    exported = sweep_to_dict(records)
    assert exported["seeds"][1]["cross_entropy"] == by_seed[4].cross_entropy
    assert exported["model"]["n_layers"] == 2
    assert "seed" not in exported["model"]


def test_one_seed_has_no_spread() -> None:
    summary = SeedTable.of(list(sweep_seeds(MINI, BOOK, [4], finished=SweepCache()))).summary()
    assert math.isnan(summary.standard_deviation)
    assert math.isnan(summary.standard_error)


def test_compared_examples_are_each_scored_alone() -> None:
    model = untrained_model(MINI, 1)
    records = list(compare_examples(model, BOOK))
    assert [record.example for record in records] == [0, 1]
    for record, example in zip(records, BOOK, strict=True):
        assert record.report.cross_entropy == score(model, [example]).cross_entropy
    bits = -records[0].total_log_probability / math.log(2)
    assert records[0].bits_per_byte == pytest.approx(bits / len(" effort moves you"))


def shifted(text: str) -> Report:
    return score(untrained_model(MINI, 1), [Example(text, alignment="shifted")])


def test_rows_are_aligned_where_their_targets_agree() -> None:
    rows = aligned_rows(shifted("the dog bites the man"), shifted("the man bites the dog"))
    assert rows.same.tolist() == [False, True, True, False]
    assert rows.first_piece.tolist() == [" dog", " bites", " the", " man"]
    assert rows.second_piece.tolist() == [" man", " bites", " the", " dog"]
    longer = aligned_rows(shifted("the dog bites"), shifted("the big dog bites"))
    assert longer.first_piece.tolist() == ["", " dog", " bites"]
    assert longer.first_position.isna().tolist() == [True, False, False]


@given(st.lists(st.sampled_from([" a", " dog", " man", " bites"]), min_size=2, max_size=9), st.randoms())
def test_changes_sum_to_the_whole_difference(words: list[str], chance: random.Random) -> None:
    other = [word for word in chance.sample(words, len(words)) if chance.random() < 0.8]
    first, second = shifted("the" + "".join(words)), shifted("the" + "".join(other) + " end")
    rows = aligned_rows(first, second)
    whole = second.log_probability.sum(dtype=np.float64) - first.log_probability.sum(dtype=np.float64)
    assert rows.change.sum() == pytest.approx(whole, abs=1e-9)
    assert (rows.first_piece != "").sum() == first.positions
    assert (rows.second_piece != "").sum() == second.positions


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "no_seeds"),
        (" , ", "no_seeds"),
        ("1, two", "not_seeds"),
        ("1.5", "not_seeds"),
        ("-3", "bad_seed"),
        ("4294967296", "bad_seed"),
        ("9-3", "backwards_seeds"),
        ("0-9999999", "too_many_seeds"),
        ("1, 2, 1", "repeated_seed"),
        ("0-5, 3", "repeated_seed"),
    ],
)
def test_lists_that_are_none_are_sentences(typed: str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_seeds(typed)
    assert caught.value.code == code


def test_lists_of_seeds() -> None:
    assert parse_seeds("0-3, 7，9–11") == (0, 1, 2, 3, 7, 9, 10, 11)
    assert parse_seeds("0 - 3 5") == (0, 1, 2, 3, 5)
    with pytest.raises(InputError) as caught:
        parse_seeds("0-5, 3, 9")
    assert caught.value.details["without_repeats"] == "0-5, 9"
    for count, first, code in ((0, 0, "no_seeds"), (10_000_000, 0, "too_many_seeds"), (2, MAX_SEED, "bad_seed")):
        with pytest.raises(InputError) as caught:
            seed_range(count, first)
        assert caught.value.code == code


@given(st.lists(st.integers(0, 60) | st.integers(0, MAX_SEED), min_size=1, unique=True))
def test_a_list_of_seeds_can_be_written_and_read(seeds: list[int]) -> None:
    assert parse_seeds(write_seeds(seeds)) == tuple(seeds)
