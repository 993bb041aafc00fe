"""A seed's record as JSON and back: every array with its type, so that nothing is rounded. No torch."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from gptcore.config import GPTConfig, ModelOrigin
from gptcore.results.report import Provenance, Report
from gptcore.results.seeds import SeedRecord

_DTYPE_KINDS = {"Ids": "i", "Floats": "f"}  # by what Report's columns are annotated as
_PIECES = ("prompt_piece", "target_piece", "predicted_piece", "top_pieces")


def record_to_json(record: SeedRecord) -> str:
    """The whole record: its report, where it came from, and the spread of its logits."""

    def array(value: object) -> Any:
        if isinstance(value, np.ndarray):
            return {"array": value.tolist(), "dtype": value.dtype.str}
        return asdict(value)  # type: ignore[call-overload]  # Provenance

    columns = {field.name: getattr(record.report, field.name) for field in fields(Report)}
    return json.dumps([columns, record.logit_std], default=array)


def record_from_json(written: str) -> SeedRecord:
    """The record that `record_to_json` wrote.

    Raises:
        AttributeError, LookupError, TypeError or ValueError for anything else, a record among them whose columns are
        not all as long as one another.
    """

    def array(value: dict[str, Any]) -> Any:
        return np.array(value["array"], dtype=value["dtype"]) if "array" in value else value

    columns, logit_std = json.loads(written, object_hook=array)
    made_with = columns.pop("provenance")
    provenance = Provenance(
        **{**made_with, "config": GPTConfig(**made_with["config"]), "origin": ModelOrigin(**made_with["origin"])}
    )
    record = SeedRecord(
        Report(provenance=provenance, **{name: _tuples(value) for name, value in columns.items()}), logit_std
    )
    _check_columns(record)
    return record


def _check_columns(record: SeedRecord) -> None:
    """Raise ValueError unless every column has a value of its kind for each position, and every mean is a number."""
    columns = {field.name: (field.type, getattr(record.report, field.name)) for field in fields(Report)}
    columns["logit_std"] = ("Floats", record.logit_std)
    for name, (kind, value) in columns.items():
        if kind in _DTYPE_KINDS:
            sound = isinstance(value, np.ndarray) and value.dtype.kind == _DTYPE_KINDS[kind]
        else:
            sound = isinstance(value, float if kind == "float" else object)
        if kind in _DTYPE_KINDS or name in _PIECES:
            sound = sound and len(value) == record.report.positions
        if not sound:
            raise ValueError(f"{name} is not as a report has it")


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
