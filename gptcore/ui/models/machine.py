"""Models on this machine: all that was found, with the reason for what cannot be used; and one opened by hand."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import streamlit as st

from gptcore.number_format import count
from gptcore.tokenizers.from_folder import UNREAD_VOCABULARIES, vocabulary_source
from gptcore.ui.models.found import found_models, look_again, opened_models
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import code_span, error_sentence
from gptcore.ui.widgets.uploader import uploader
from gptcore.weights.description import ModelDescription, describe_model

MAX_UPLOAD_MEGABYTES = 1024
_LOCAL = ("127.0.0.1", "localhost", "::1")
_SUFFIXES = ["safetensors", "pt", "pth", "bin", "ckpt"]


def listens_locally() -> bool:
    """Whether the server answers this machine only: a visitor may name its files then."""
    return st.get_option("server.address") in _LOCAL


def machine_models(unusable: int) -> None:
    """The button that opens the list; says how many of what was found cannot be used."""
    text = page_text("machine_models")
    label = text("open_some", unusable=unusable) if unusable else text("open")
    if st.button(label, key="machine_models", icon=":material/folder_open:", type="tertiary"):
        st.dialog(text("title"), width="large")(_dialog)()


def vocabulary_line(model: ModelDescription) -> str:
    """Where a stored model's tokens come from, in a sentence."""
    text = page_text("machine_models")
    if model.vocabulary in ("gpt2", "seven_words"):
        return text("vocabulary_assumed", rows=count(model.config.vocab_size if model.config else 0))
    if not model.vocabulary:
        folder = model.path if model.path.is_dir() else model.path.parent
        source = vocabulary_source(folder)
        if source in UNREAD_VOCABULARIES:
            kind = "pickle" if source.endswith(".pkl") else "sentencepiece"
            return text(f"vocabulary_{kind}", file=code_span(source))
        return text("vocabulary_none")
    return text("vocabulary_own", file=code_span(model.vocabulary))


def _dialog() -> None:
    text = page_text("machine_models")
    st.caption(text("where", variable=code_span("GPT_EXPLORER_MODELS"), folder=code_span("./models")))
    models = {**found_models(), **_opened()}
    if models:
        st.dataframe(
            [_row(name, model) for name, model in models.items()],
            hide_index=True,
            key="machine_models_table",
            alt=text("title"),
            column_config={key: st.column_config.TextColumn(words) for key, words in text.group("columns").items()},
        )
    else:
        st.info(text("none"), icon=":material/folder_off:")
    st.button(text("look_again"), key="machine_models_again", icon=":material/refresh:", on_click=look_again)
    if listens_locally():
        _open_by_hand()


def _opened() -> dict[str, ModelDescription]:
    return {name: describe_model(path, n_heads=heads) for name, (path, heads) in opened_models().items()}


def _row(name: str, model: ModelDescription) -> dict[str, Any]:
    text = page_text("machine_models")
    config, shape = model.config, "–"
    if config is not None:
        shape = text("shape", layers=config.n_layers, heads=config.n_heads, width=config.emb_dim)
    vocabulary = model.vocabulary or (text("by_ids") if model.usable else "–")
    return {
        "name": name,
        "status": text("usable") if model.error is None else error_sentence(model.error).replace("`", ""),
        "kind": text.group("kinds").get(model.kind, model.kind),
        "shape": shape,
        "vocabulary": f"{vocabulary} · {count(config.vocab_size)}" if config is not None else vocabulary,
        "size": f"{model.file_bytes / 1e6:,.1f} MB · {model.dtype}" if model.file_bytes else "–",
    }


def _open_by_hand() -> None:
    """A file or folder by its path, or a checkpoint dropped: only where the server answers this machine alone."""
    text = page_text("machine_models")
    st.markdown(f"**{text('by_hand')}**")
    path = st.text_input(text("path"), key="machine_models_path", placeholder=text("path_placeholder"))
    dropped = uploader(text("drop"), key="machine_models_drop", megabytes=MAX_UPLOAD_MEGABYTES, type=_SUFFIXES)
    if dropped is not None:
        path = _kept(dropped.file_id, dropped.name, dropped.getbuffer())
    if not path:
        return
    heads = None
    found = describe_model(path)
    if found.error is not None and found.error.code == "weights_heads_unknown":
        width = found.error.details["width"]
        assert isinstance(width, int)
        heads = st.number_input(
            text("heads", width=width),
            min_value=1,
            max_value=width,
            value=max(1, width // 64),
            key="machine_models_heads",
        )
        found = describe_model(path, n_heads=int(heads))
    if found.error is not None:
        st.warning(error_sentence(found.error), icon=":material/error:")
        return
    st.caption(text("described", shape=_row(found.name, found)["shape"], vocabulary=vocabulary_line(found)))
    if st.button(text("use", name=found.name[:60]), key="machine_models_use", type="primary", icon=":material/check:"):
        opened_models()[found.name] = path, None if heads is None else int(heads)
        st.session_state["_wanted_model"] = f"opened/{found.name}"
        st.rerun()


def wanted_model() -> str | None:
    """The model that was opened by hand in the run before, once."""
    wanted: str | None = st.session_state.pop("_wanted_model", None)
    return wanted


@st.cache_resource(scope="session", show_spinner=False)
def _upload_folder() -> tempfile.TemporaryDirectory[str]:
    """Where this visitor's dropped checkpoints lie; removed when they leave."""
    return tempfile.TemporaryDirectory(prefix="gpt-explorer-")


def _kept(file_id: str, name: str, content: memoryview) -> str:
    """Write a dropped file once; its path. Another file of the same name and length replaces it."""
    safe = os.path.basename(name).replace("\0", "")[-100:] or "checkpoint"
    path = Path(_upload_folder().name) / safe
    written = st.session_state.setdefault("_dropped", {})
    if written.get(safe) != file_id or not path.exists():
        unfinished = path.with_name("unfinished")  # a model that is in use keeps the file that it was read from
        unfinished.write_bytes(content)
        unfinished.replace(path)
        written[safe] = file_id
    return str(path)
