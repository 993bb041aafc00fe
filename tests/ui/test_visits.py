"""What the server holds levels off, however many visitors come and go; `make bench` sends two thousand."""

import pytest

from tests.bench.bench_visits import STORED_SESSIONS, added, after_visits


@pytest.mark.slow
def test_visitors_who_leave_take_everything_with_them() -> None:
    results = added(*after_visits(2 * STORED_SESSIONS + 24, ["step_by_step"]))
    assert [result for result in results if result.verdict != "PASS"] == []
