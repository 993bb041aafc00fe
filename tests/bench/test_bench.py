"""The benchmark harness: what is timed, in which order, and how it is laid out."""

import gc

from tests.bench import Ratio, Result, ratio, table


def test_ratio_interleaves_and_changes_who_goes_first() -> None:
    calls: list[str] = []
    measured = ratio(lambda: calls.append("fast"), lambda: calls.append("plain"), rounds=3)
    assert calls == ["fast", "plain", "fast", "plain", "plain", "fast", "fast", "plain"]
    assert measured.rounds == 3
    assert gc.isenabled()


def test_a_ratio_becomes_a_row_with_its_medians() -> None:
    result = Ratio(fast_seconds=0.046, plain_seconds=0.05, rounds=15).result("score", bound=0.95)
    assert round(result.measured, 9) == 0.92
    assert result.verdict == "PASS"
    assert result.note == "0.046 s against 0.05 s, medians of 15"


def test_a_missed_bound_is_said_and_not_raised() -> None:
    rows = table([Result("memory", 1.93, "× one model", bound=1.9)]).splitlines()
    assert rows[1].split() == ["memory", "1.93", "×", "one", "model", "at", "most", "1.9", "MISS"]
