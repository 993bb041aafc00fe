"""The seeds that are kept with the package: what the product promises, and what the code computes today."""

import subprocess
import sys

import pytest

from gptcore import GPT_CONFIG_124M, PRESETS, SIZES, Example
from gptcore.results.seeds import SeedTable
from gptcore.sweeps.cache import SweepCache
from gptcore.sweeps.runner import sweep_seeds
from gptcore.sweeps.stored import STORED_SEEDS, stored_seeds, stored_table
from tests import ROOT

BOOK = PRESETS["book"]


def test_forty_seeds_of_the_books_texts_are_stored() -> None:
    records = stored_seeds(GPT_CONFIG_124M, BOOK, STORED_SEEDS)
    assert records is not None
    summary = SeedTable.of(records).summary()
    assert (summary.count, summary.below_uniform) == (40, 12)
    assert (round(summary.mean, 4), round(summary.standard_deviation, 4)) == (10.9407, 0.2714)
    for record in records:
        provenance = record.report.provenance
        assert provenance.config == GPT_CONFIG_124M
        assert {"torch", "python"} <= provenance.versions.keys()
        assert record.report.texts == tuple((each.prompt, each.target, each.alignment) for each in BOOK)


def test_only_what_is_stored_is_given_out() -> None:
    some = stored_seeds(GPT_CONFIG_124M, BOOK, [7, 3])
    assert some is not None
    assert [record.seed for record in some] == [7, 3]
    assert stored_table((3, 7)) is stored_table((3, 7))
    assert stored_seeds(GPT_CONFIG_124M, BOOK, range(41)) is None
    assert stored_seeds(GPT_CONFIG_124M, BOOK, range(10**9)) is None
    assert stored_seeds(GPT_CONFIG_124M, BOOK, []) is None
    assert stored_seeds(GPT_CONFIG_124M, BOOK, STORED_SEEDS, temperature=0.5) is None
    assert stored_seeds(SIZES["mini"], BOOK, STORED_SEEDS) is None
    assert stored_seeds(GPT_CONFIG_124M.with_(context_length=1024), BOOK, STORED_SEEDS) is None
    assert stored_seeds(GPT_CONFIG_124M, [Example("a", " b")], STORED_SEEDS) is None


def test_the_code_of_today_computes_the_same() -> None:
    stored = stored_seeds(GPT_CONFIG_124M, BOOK, [0, 39])
    assert stored is not None
    anew = {record.seed: record for record in sweep_seeds(GPT_CONFIG_124M, BOOK, [0, 39], finished=SweepCache())}
    for record in stored:
        today = anew[record.seed]
        # float32, and another number of threads may round elsewhere
        assert record.report.log_probability == pytest.approx(today.report.log_probability, abs=1e-4)
        assert record.report.target_token_id.tolist() == today.report.target_token_id.tolist()
        assert record.logit_std == pytest.approx(today.logit_std, rel=1e-4)


def test_reading_them_needs_no_torch() -> None:
    script = (
        "import sys; from gptcore.sweeps.stored import *; from gptcore.config import GPT_CONFIG_124M as c\n"
        "from gptcore.presets import PRESETS\n"
        "sys.exit('torch' in sys.modules or len(stored_seeds(c, PRESETS['book'], range(40))) != 40)"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0
