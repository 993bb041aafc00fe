"""One of many seeds: its whole calculation, and the way to Explore with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from gptcore import number_format
from gptcore.ui.report.numbers import numbers_of_the_chain
from gptcore.ui.report.table import table as report_table
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import code_span

if TYPE_CHECKING:
    from gptcore.results.seeds import SeedRecord, SeedTable


def one_seed(records: Sequence[SeedRecord], table: SeedTable) -> None:
    """One seed's report, and the way to Explore with it."""
    text = page_text("compare")
    by_seed = {record.seed: record for record in records}
    if st.session_state["chosen_seed"] not in by_seed:
        url.correct("chosen_seed", -1, "-1")
    st.subheader(text("one_seed"), anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", key="one_seed_fields"):
        st.selectbox(
            text("seed"),
            [-1, *table.seeds.tolist()],
            format_func=lambda seed: text("choose_seed") if seed < 0 else str(seed),
            key="chosen_seed",
            persist_state="session",
            width=260,
        )
        chosen = by_seed.get(st.session_state["chosen_seed"])
        if chosen is not None and st.button(
            text("open_in_explore"),
            key="open_in_explore",
            icon=":material/search_insights:",
            on_click=show_everywhere,
            args=(chosen.seed,),
        ):
            st.switch_page("pages/explore.py")
    if chosen is None:
        st.caption(text("choose_seed_help"))
        return
    loss = chosen.report.cross_entropy
    st.caption(
        text(
            "seed_place",
            seed=code_span(str(chosen.seed)),
            place=number_format.count(1 + int((table.cross_entropy < loss).sum())),
            count=number_format.count(len(table.seeds)),
        )
    )
    numbers_of_the_chain(chosen.report)
    report_table(chosen.report)


def show_everywhere(seed: int) -> None:
    """Let the other pages show this seed's model."""
    st.session_state["model"] = "untrained"
    st.session_state["seed"] = seed
