"""A seed's record as JSON and back: every array with its type, so that nothing is rounded. No torch."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from gptcore.config import GPTConfig, ModelOrigin
from gptcore.results.report import Provenance, Report
from gptcore.results.seeds import SeedRecord


def record_to_json(record: SeedRecord) -> str:
    """The whole record: its report, where it came from, and the spread of its logits."""

    def array(value: object) -> Any:
        if isinstance(value, np.ndarray):
            return {"array": value.tolist(), "dtype": value.dtype.str}
        return asdict(value)  # type: ignore[call-overload]  # Provenance

    columns = {field.name: getattr(record.report, field.name) for field in fields(Report)}
    return json.dumps([columns, record.logit_std], default=array)


def record_from_json(written: str) -> SeedRecord:
    """The record that `record_to_json` wrote; raises KeyError, TypeError or ValueError for anything else."""

    def array(value: dict[str, Any]) -> Any:
        return np.array(value["array"], dtype=value["dtype"]) if "array" in value else value

    columns, logit_std = json.loads(written, object_hook=array)
    made_with = columns.pop("provenance")
    provenance = Provenance(
        **{**made_with, "config": GPTConfig(**made_with["config"]), "origin": ModelOrigin(**made_with["origin"])}
    )
    return SeedRecord(
        Report(provenance=provenance, **{name: _tuples(value) for name, value in columns.items()}), logit_std
    )


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
