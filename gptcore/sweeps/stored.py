"""The seeds of the book's two texts, computed once and kept with the package.

`python -m gptcore.sweeps.stored` computes them again. No torch until they are computed anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path

from gptcore.config import GPT_CONFIG_124M, GPTConfig
from gptcore.examples import Example
from gptcore.presets import PRESETS
from gptcore.results.seeds import SeedRecord, SeedTable
from gptcore.sweeps.record_json import record_from_json, record_to_json

STORED_SEEDS = range(40)
_FILE = Path(__file__).resolve().parents[1] / "data" / "seeds" / "book_124M.jsonl"


def stored_seeds(
    config: GPTConfig, examples: Sequence[Example], seeds: Iterable[int], temperature: float = 1.0
) -> tuple[SeedRecord, ...] | None:
    """The stored records of these seeds, in their order; None where they are not all stored.

    They have the versions that made them in their reports' provenance. On another build of PyTorch or another kind of
    processor the last digits can differ.

    >>> from gptcore import GPT_CONFIG_124M, PRESETS
    >>> (record,) = stored_seeds(GPT_CONFIG_124M, PRESETS["book"], [17])
    >>> record.seed
    17
    """
    if config != GPT_CONFIG_124M or tuple(examples) != tuple(PRESETS["book"]) or temperature != 1.0:
        return None
    known, wanted = _read(), list(islice(seeds, len(STORED_SEEDS) + 1))
    return tuple(known[seed] for seed in wanted) if wanted and known.keys() >= set(wanted) else None


@lru_cache(64)
def stored_table(seeds: tuple[int, ...]) -> SeedTable:
    """The table of stored seeds: always the same object, so that what is drawn from it can be kept."""
    known = _read()
    return SeedTable.of([known[seed] for seed in seeds])


@cache
def _read() -> dict[int, SeedRecord]:
    records = [record_from_json(line) for line in _FILE.read_text("utf-8").splitlines()]
    return {record.seed: record for record in records}


def compute(path: Path = _FILE) -> None:
    """Compute all of STORED_SEEDS on this machine, whatever cluster or kept seeds there are, and write them."""
    from gptcore.sweeps.cache import SweepCache
    from gptcore.sweeps.runner import sweep_seeds

    records = sweep_seeds(GPT_CONFIG_124M, PRESETS["book"], STORED_SEEDS, finished=SweepCache(), here=True)
    lines = [record_to_json(record) for record in sorted(records, key=lambda record: record.seed)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")


if __name__ == "__main__":
    compute()
