"""One text in place of two that do not line up: what a beginner most likely means by a single sentence."""

from __future__ import annotations

import streamlit as st

MISMATCHES = ("count_mismatch", "empty_prompt", "empty_target")
"""Errors of a row that lacks a second text, or has one that does not fit."""


def lone_text(number: int, code: str) -> str:
    """The one text of a row with this error that could be scored by itself: its only one, else its prompt."""
    if code not in MISMATCHES:
        return ""
    prompt, target = (st.session_state.get(f"{field}_{number}") or "" for field in ("prompt", "target"))
    return prompt if prompt.strip() else target.strip() and target


def score_one_text(number: int, alone: str) -> None:
    """In a callback: take a row as one text, each of whose tokens predicts the next."""
    state = st.session_state
    state["alignment"], state[f"prompt_{number}"], state[f"target_{number}"] = "shifted", alone, ""
