"""A text that is typed or comes as a file; a long one is kept by the server, and the address names it by its id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from gptcore.errors import InputError
from gptcore.text_files import MAX_TEXT_BYTES, read_text_file
from gptcore.tokenizers.base import clean_text
from gptcore.ui.state import url
from gptcore.ui.state.kept_texts import KeptText, keep_text, kept_text
from gptcore.ui.widgets.basics import MAX_FILE_MEGABYTES, error_sentence
from gptcore.ui.widgets.uploader import uploader

LONGEST_IN_ADDRESS = 1_500
"""A text of more characters is named in the address by its id."""


@dataclass(frozen=True)
class TextSource:
    """The keys of one page's text: `<name>_text` is what was typed, `<name>_file` the id of what is kept instead."""

    name: str

    @property
    def _file(self) -> str:
        return f"{self.name}_file"

    @property
    def _refused(self) -> str:
        return f"_{self.name}_upload_refused"

    @property
    def _emptied(self) -> str:
        return f"_{self.name}_upload_emptied"

    def kept(self) -> KeptText | None:
        """The file that stands in place of the field's text, if any."""
        return kept_text(st.session_state.get(self._file, ""))

    def restore(self, gone: str, *, is_known: Callable[[str], bool] = lambda _: False) -> KeptText | None:
        """The file in place of the field's text, if any; a long text that an address names by its id.

        Args:
            gone: What to say where the address names a file that is no longer here.
            is_known: Whether a long text needs no id, since the app has it.
        """
        state, field = st.session_state, f"{self.name}_text"
        query = url.given_once(self._file)
        if query is not None:
            state[self._file] = query.get(self._file, "")
            named = kept_text(state[self._file]) if state[self._file] else None
            if named is not None and not named.name:  # it was typed: back into the field
                state[field], state[self._file] = named.text, ""
            elif state[self._file] and named is None:
                state[self._file] = ""
                st.info(gone, icon=":material/history:")
        kept = self.kept()
        if kept is not None:
            url.leave_out(field)
            url.put(self._file, kept.id)
        elif len(state[field]) > LONGEST_IN_ADDRESS and not is_known(state[field]):
            url.leave_out(field)
            if len(state[field]) <= MAX_TEXT_BYTES:
                url.put(self._file, keep_text(KeptText(state[field])))
        return kept

    def uploader(self, label: str, help: str, *, forget: tuple[str, ...] = ()) -> None:
        """The field for a file, with what is wrong with the last one.

        Args:
            label: The field's label.
            help: What it takes.
            forget: Keys of what was chosen for the file before, which a new one makes meaningless.
        """
        uploader(
            label,
            key=f"{self.name}_upload",
            megabytes=MAX_FILE_MEGABYTES,
            emptied=st.session_state.get(self._emptied, 0),
            help=help,
            on_change=self._uploaded,
            args=forget,
        )
        refused: InputError | None = st.session_state.get(self._refused)
        if refused is not None:
            st.warning(error_sentence(refused), icon=":material/error:")

    def remove_file(self) -> None:
        """Go back to the field's text; the field for a file no longer names one."""
        state = st.session_state
        state[self._file], state[self._refused] = "", None
        if state.get(f"{self.name}_upload") is not None:
            state[self._emptied] = state.get(self._emptied, 0) + 1

    def _uploaded(self, *forget: str) -> None:
        """Read the file that was chosen; one that was taken away is no longer scored."""
        state = st.session_state
        state[self._refused] = None
        uploaded = state[f"{self.name}_upload"]
        if uploaded is None:
            self.remove_file()
            return
        try:
            read = read_text_file(uploaded.getvalue())
        except InputError as error:
            state[self._refused] = error
            return
        for key in forget:
            state.pop(key, None)
        state[self._file] = keep_text(
            KeptText(clean_text(read.text), uploaded.name, read.encoding.name, read.encoding.bom)
        )
