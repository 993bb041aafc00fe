"""Long texts and lists: against plain transformers loops over the same windows and rows, and the memory they add.

One by one, every fifth of the 1,000 sentences is scored, by both ways. Memory is that of a megabyte in as many tokens
as it can have, one for each byte, and that of a few windows with GPT-2's vocabulary, whose size no text changes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel

from gptcore.config import GPTConfig
from gptcore.lists import score_list
from gptcore.model import GPTModel
from gptcore.weights.checkpoints import trained_small_model
from gptcore.weights.gpt2 import load_gpt2
from gptcore.windows import plan_windows, score_text
from tests.bench import Result, memory_added, ratio

# What a text adds is its tokens' scores and a batch's logits, whatever the model's width: a narrow one is quick.
PREPARE = """
from gptcore import SIZES, untrained_model
from gptcore.windows import score_text

class Bytes:
    name, vocab_size, end_of_text_id = "bytes", 256, None
    def encode(self, text, *, max_characters=None): return list(text.encode())
    def decode(self, ids): return bytes(ids).decode(errors="replace")
    def piece(self, token_id): return chr(token_id)
    def token_bytes(self, token_id): return bytes([token_id])

narrow = SIZES["mini"].with_(emb_dim=32, n_heads=2, n_layers=1, context_length=256)
model = untrained_model(narrow, seed=123)
bytewise = untrained_model(narrow.with_(vocab_size=256), seed=123)
text = "every effort moves you forward, 今天天气很好。 "
score_text(model, text)
score_text(bytewise, text, tokenizer=Bytes())
"""
WINDOWS = "score_text(model, (text * 200)[:8_000])"
MEGABYTE = """
text = (text * 20_000).encode()[:1_000_000].decode(errors="ignore")
assert len(score_text(bytewise, text, tokenizer=Bytes()).text) > 999_990
"""


def run() -> list[Result]:
    """Return each way's time beside the plain way's, and the memory that a megabyte of text adds."""
    with tempfile.TemporaryDirectory() as folder:
        small, small_oracle = _pair(Path(folder) / "small", trained_small_model().config)
        long_text = _windows("20 windows of 256, small model", small, small_oracle, 20, rounds=3)
        lists = _sentences(small, small_oracle)
        del small, small_oracle
        large, large_oracle = _pair(Path(folder) / "large", GPTConfig(50_257, 1024, 768, 12, 12, 0.0, True, True))
        long_text += _windows("4 windows of 1,024, 124M", large, large_oracle, 4, rounds=2)
    tokens, windows = (memory_added(PREPARE, work)[0] / 1e6 for work in (MEGABYTE, WINDOWS))
    note = f"a million tokens {tokens:.0f} MB, windows {windows:.0f} MB"
    return [*long_text, *lists, Result("memory added by 1 MB of text", tokens + windows, "MB", 400, note)]


def _pair(folder: Path, config: GPTConfig) -> tuple[GPTModel, GPT2LMHeadModel]:
    """The same random weights in transformers' model and in ours."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        oracle = GPT2LMHeadModel(
            GPT2Config(
                n_embd=config.emb_dim,
                n_head=config.n_heads,
                n_layer=config.n_layers,
                n_positions=config.context_length,
            )
        )
    oracle.save_pretrained(folder)
    return load_gpt2(folder), oracle.eval()


def _windows(name: str, model: GPTModel, oracle: GPT2LMHeadModel, count: int, rounds: int) -> list[Result]:
    context = model.config.context_length
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(0, 50_257, (context + 1 + (count - 1) * (context // 2),), generator=generator)
    windows = plan_windows(len(ids), context)
    assert len(windows) == count

    def ours() -> float:
        return score_text(model, ids.tolist()).cross_entropy

    def plain() -> float:
        total = 0.0
        with torch.inference_mode():
            for window in windows:
                logits = oracle(ids[None, window.start : window.stop - 1]).logits[0]
                skipped = window.scored_from - 1 - window.start
                targets = ids[window.scored_from : window.stop]
                total += torch.nn.functional.cross_entropy(logits[skipped:], targets, reduction="sum").item()
        return total / (len(ids) - 1)

    return [_compared(name, ours, plain, bound=1 / 1.3, rounds=rounds)]


def _sentences(model: GPTModel, oracle: GPT2LMHeadModel) -> list[Result]:
    generator = torch.Generator().manual_seed(2)
    lengths = torch.randint(5, 41, (1000,), generator=generator).tolist()
    rows = [tuple(torch.randint(0, 50_257, (n,), generator=generator).tolist()) for n in lengths]

    few = rows[::5]

    def ours(rows: Sequence[tuple[int, ...]] = rows) -> float:
        records = list(score_list(model, rows))
        return -sum(record.total_log_probability for record in records) / sum(record.tokens for record in records)

    def loop(batches: Iterable[tuple[tuple[int, ...], ...]]) -> float:
        total, count = 0.0, 0
        with torch.inference_mode():
            for batch in batches:
                longest = max(map(len, batch))
                padded = torch.tensor([[*row, *[0] * (longest - len(row))] for row in batch])
                mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in batch])
                logits = oracle(padded, attention_mask=mask).logits[:, :-1]
                targets = padded[:, 1:].masked_fill(mask[:, 1:] == 0, -100)
                total += torch.nn.functional.cross_entropy(
                    logits.flatten(0, 1), targets.flatten(), reduction="sum"
                ).item()
                count += int((targets != -100).sum())
        return total / count

    def one_by_one() -> float:
        return loop((row,) for row in few)

    def together() -> float:
        size = 32
        return loop(tuple(rows[start : start + size]) for start in range(0, len(rows), size))

    return [
        _compared("200 sentences, beside one by one", lambda: ours(few), one_by_one, bound=1 / 2, rounds=3),
        _compared("1,000 sentences, beside batches of 32", ours, together, bound=1 / 1.2, rounds=2),
    ]


def _compared(name: str, ours: Callable[[], float], plain: Callable[[], float], *, bound: float, rounds: int) -> Result:
    difference = abs(ours() - plain())
    assert difference < 1e-4, f"{name}: the numbers differ by {difference}"
    return ratio(ours, plain, rounds=rounds).result(name, bound)
