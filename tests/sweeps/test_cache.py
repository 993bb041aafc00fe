"""The store of finished seeds: its key holds all that decides a number, and a store that fails stops no sweep."""

import ast
import errno
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

import gptcore
from gptcore.config import SIZES
from gptcore.examples import Example
from gptcore.presets import PRESETS
from gptcore.results.seeds import SeedRecord
from gptcore.sweeps import cache as sweep_cache
from gptcore.sweeps.cache import SweepCache, code_digest, sweep_key
from gptcore.sweeps.runner import score_seed, sweep_seeds

TOY = SIZES["toy"]
TEXTS = [Example("every effort moves", "effort moves you")]


def seeds_of(cache: SweepCache, count: int = 5) -> dict[int, float]:
    return {
        record.seed: record.report.cross_entropy for record in sweep_seeds(TOY, TEXTS, range(count), finished=cache)
    }


@pytest.fixture(scope="module")
def expected() -> dict[int, float]:
    return seeds_of(SweepCache())


def a_file_in_its_place(folder: Path) -> Path:
    folder.write_text("not a folder")
    return folder


def below_a_file(folder: Path) -> Path:
    folder.write_text("not a folder")
    return folder / "below"


def no_database(folder: Path) -> Path:
    folder.mkdir()
    (folder / "seeds.sqlite").write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
    return folder


def another_table(folder: Path) -> Path:
    folder.mkdir()
    with closing(sqlite3.connect(folder / "seeds.sqlite")) as database, database:
        database.execute("CREATE TABLE seeds (something TEXT)")
    return folder


def a_folder_as_database(folder: Path) -> Path:
    (folder / "seeds.sqlite").mkdir(parents=True)
    return folder


def nameless(folder: Path) -> Path:
    return folder / "a\0b"


def too_long(folder: Path) -> Path:
    return folder / ("x" * 300)


UNUSABLE = [a_file_in_its_place, below_a_file, no_database, another_table, a_folder_as_database, nameless, too_long]


@pytest.mark.parametrize("make", UNUSABLE, ids=lambda make: make.__name__)
def test_a_folder_that_cannot_be_used_stops_no_sweep(
    make: Callable[[Path], Path], tmp_path: Path, expected: dict[int, float]
) -> None:
    cache = SweepCache(make(tmp_path / "kept"))
    assert seeds_of(cache) == expected
    assert cache.fault
    assert seeds_of(cache) == expected  # in memory they are kept


def test_a_disk_that_fills_up_stops_no_sweep(tmp_path: Path, expected: dict[int, float]) -> None:
    cache = SweepCache(tmp_path)
    with closing(sqlite3.connect(tmp_path / "seeds.sqlite")) as database:
        database.execute(sweep_cache._TABLE)
        pages = database.execute("PRAGMA page_count").fetchone()[0]
    limit = pages * 4096 + 2000
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "from tests.sweeps.test_cache import SweepCache, seeds_of\n"
        "from pathlib import Path\n"
        "cache = SweepCache(Path(sys.argv[1]))\n"
        "sys.stdout.write(repr((seeds_of(cache, 5), bool(cache.fault))))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True, timeout=120
    )
    assert ast.literal_eval(told.stdout) == (expected, True)
    assert cache.get(sweep_key(TOY, TEXTS, 1.0), 4) is None
    assert seeds_of(SweepCache(tmp_path)) == expected


def test_it_is_tried_again_after_a_while(
    tmp_path: Path, expected: dict[int, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = a_file_in_its_place(tmp_path / "kept")
    cache = SweepCache(folder)
    seeds_of(cache)
    folder.unlink()
    cache.put("key", 0, score_seed(TOY, TEXTS, 0))
    assert cache.fault  # not yet
    assert not folder.exists()
    monkeypatch.setattr(cache, "_retry_at", 0.0)
    cache.put("key", 0, score_seed(TOY, TEXTS, 0))
    assert not cache.fault
    found = SweepCache(folder).get("key", 0)
    assert found is not None
    assert found.report.cross_entropy == expected[0]


def with_columns(written: str, **columns: object) -> str:
    """Return a record as it was written, but for some columns."""
    report, logit_std = json.loads(written)
    return json.dumps([{**report, **columns}, logit_std])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda written: written[: len(written) // 2],
        lambda written: "null",
        lambda written: "[]",
        lambda written: '["report", 1]',
        lambda written: json.dumps([{**json.loads(written)[0], "field_of_another_version": 1}, [1.0]]),
        lambda written: json.dumps([dict(list(json.loads(written)[0].items())[:-3]), [1.0]]),
        lambda written: json.dumps([{**json.loads(written)[0], "provenance": {}}, [1.0]]),
        lambda written: with_columns(written, rank={"array": ["x"], "dtype": "<i8"}),
        lambda written: with_columns(written, rank={"array": [1], "dtype": "<i8"}),
        lambda written: with_columns(written, entropy_nats={"array": [1.0] * 300, "dtype": "<f4"}),
        lambda written: with_columns(written, log_probability=[-1.0, -2.0]),
        lambda written: with_columns(written, target_piece=["a"]),
        lambda written: with_columns(written, cross_entropy="10.8"),
        lambda written: json.dumps([json.loads(written)[0], {"array": [1.0], "dtype": "<f4"}]),
        lambda written: "[" * 100_000,
        lambda written: None,
    ],
)
def test_a_row_of_another_version_is_computed_again(
    spoil: Callable[[str], str | None], tmp_path: Path, expected: dict[int, float]
) -> None:
    seeds_of(SweepCache(tmp_path))
    with closing(sqlite3.connect(tmp_path / "seeds.sqlite")) as database, database:
        (written,) = database.execute("SELECT record FROM seeds WHERE seed = 2").fetchone()
        database.execute("UPDATE seeds SET record = ? WHERE seed = 2", (spoil(written),))
    cache = SweepCache(tmp_path)
    assert seeds_of(cache) == expected
    assert not cache.fault
    assert SweepCache(tmp_path).get(sweep_key(TOY, TEXTS, 1.0), 2) is not None  # written over


def test_the_key_holds_all_that_decides_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of the code alone gives another key; the same code gives the same in another process."""
    key = sweep_key(TOY, TEXTS, 1.0)
    others = [
        sweep_key(TOY.with_(qkv_bias=True), TEXTS, 1.0),
        sweep_key(TOY.with_(context_length=8), TEXTS, 1.0),
        sweep_key(TOY, PRESETS["book"], 1.0),
        sweep_key(TOY, [replace(TEXTS[0], alignment="continuation")], 1.0),
        sweep_key(TOY, TEXTS, 1.5),
    ]
    for name, value in (
        ("code_digest", lambda: "changed"),
        ("versions", lambda: {"torch": "0"}),
        ("_RECORD_FORMAT", 0),
    ):
        with monkeypatch.context() as changed:
            changed.setattr(sweep_cache, name, value)
            others.append(sweep_key(TOY, TEXTS, 1.0))
    assert len({key, *others}) == 1 + len(others)
    code = "import sys; from tests.sweeps.test_cache import *; sys.stdout.write(sweep_key(TOY, TEXTS, 1.0))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == key


@pytest.mark.parametrize("changed", ["model.py", "scoring.py", "__init__.py"])
def test_the_digest_is_that_of_the_code(changed: str, tmp_path: Path) -> None:
    """A copy of the package has the same digest, until one of its modules differs in a character."""
    package = tmp_path / "gptcore"
    shutil.copytree(Path(gptcore.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__", "data"))
    same = code_digest(package)
    assert same == code_digest()
    for name in ("ui/server.py", changed):
        code_digest.cache_clear()
        assert code_digest(package) == same
        with (package / name).open("a") as file:
            file.write("# changed\n")
    code_digest.cache_clear()
    assert code_digest(package) != same


def test_a_locked_database_is_waited_for_and_then_left_alone(
    tmp_path: Path, expected: dict[int, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_cache, "_LOCKED_SECONDS", 0.1)
    cache = SweepCache(tmp_path)
    seeds_of(cache, 1)
    with closing(sqlite3.connect(tmp_path / "seeds.sqlite")) as database:
        database.execute("BEGIN EXCLUSIVE")
        assert seeds_of(cache) == expected
    assert "locked" in cache.fault


def test_a_path_that_may_not_be_written_stops_no_sweep(
    tmp_path: Path, expected: dict[int, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    cache = SweepCache(tmp_path / "kept")
    monkeypatch.setattr(Path, "mkdir", refuse)
    assert seeds_of(cache) == expected
    assert "denied" in cache.fault


def test_a_record_comes_back_whole(tmp_path: Path) -> None:
    record: SeedRecord = score_seed(TOY, TEXTS, 7)
    SweepCache(tmp_path).put("key", 7, record)
    found = SweepCache(tmp_path).get("key", 7)
    assert found is not None
    assert found.report.to_dict() == record.report.to_dict()
    assert found.logit_std.tolist() == record.logit_std.tolist()
    assert found.logit_std.dtype == record.logit_std.dtype
