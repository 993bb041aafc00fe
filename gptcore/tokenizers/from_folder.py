"""The vocabulary that a model's folder brings: `tokenizer.json`, `vocab.json` with `merges.txt`, or BERT's `vocab.txt`.

No torch here: a page shows tokens before torch is imported.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers

from gptcore.errors import InputError
from gptcore.regular_files import read_json, read_regular
from gptcore.token_display import text_of_bytes
from gptcore.tokenizers.base import MAX_CHARACTERS, Tokenizer, check_ids, check_length, clean_text
from gptcore.tokenizers.byte_alphabet import BYTE_OF
from gptcore.tokenizers.gpt2 import decode_leniently, gpt2_tokenizer
from gptcore.tokenizers.library_errors import bad_vocabulary, library_errors

MAX_VOCABULARY_BYTES = 64 * 2**20
"""The longest vocabulary file that is read; Qwen's, among the longest in use, has 11 MB."""

UNREAD_VOCABULARIES = ("tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "source.spm", "meta.pkl")
"""Vocabularies that are seen but not read: SentencePiece's, which need its library; nanoGPT's, which is a pickle."""

_BERT_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_END_OF_TEXT = ("<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "[SEP]")
_BYTE_TOKEN = re.compile(r"<0x([0-9A-F]{2})>")


class FolderTokenizer:
    """A model's own vocabulary, through the `tokenizers` library.

    Special tokens in a text are plain text, and nothing is added around it; `prefix_ids` are what the model expects
    before a text (a Llama's `<s>`), for the caller to put there.

    Attributes:
        name: Tells vocabularies apart: equal names encode equally.
        vocab_size: One more than the largest id.
        end_of_text_id: The id of the token that stands between two texts; None where there is none.
        prefix_ids: Ids that stand before every text; () for most models.
    """

    def __init__(self, backend: tokenizers.Tokenizer, source: str, *, prefix_token: str | None = None) -> None:
        backend.no_padding()
        backend.no_truncation()
        backend.encode_special_tokens = True  # what a visitor types is text
        self._backend = backend
        self.source = source
        vocabulary = backend.get_vocab(with_added_tokens=True)
        self.vocab_size = max(vocabulary.values(), default=-1) + 1
        self._special = {
            i
            for i, token in backend.get_added_tokens_decoder().items()
            if token.special or token.content in _BERT_SPECIAL
        }
        parsed = json.loads(self.to_json())
        self._kind = _decoder_kind(parsed.get("decoder") or {})
        self._known = _known_characters(parsed) if self._kind == "words" else None
        self.end_of_text_id: int | None = next(
            (i for token in _END_OF_TEXT if (i := backend.token_to_id(token)) is not None), None
        )
        prefix = backend.token_to_id(prefix_token) if prefix_token else None
        self.prefix_ids: tuple[int, ...] = () if prefix is None else (prefix,)

    def __deepcopy__(self, memo: dict[int, Any]) -> FolderTokenizer:
        return self  # it never changes, so copies of a model share it

    def to_json(self) -> str:
        """The vocabulary as the content of a `tokenizer.json`."""
        return str(self._backend.to_str())

    @cached_property
    def name(self) -> str:
        """Where it comes from, with the start of its content's SHA-256: equal names encode equally."""
        return f"{self.source} {hashlib.sha256(self.to_json().encode()).hexdigest()[:12]}"

    def encode(self, text: str, *, max_characters: int | None = MAX_CHARACTERS) -> list[int]:
        """Token ids of a text of at most `max_characters`; None accepts any length.

        Raises:
            InputError: "too_many_characters"; "text_not_encodable" where the vocabulary has no token for a part of
                the text.
        """
        text = clean_text(check_length(text, max_characters))
        unknown = next((c for c in text if c not in self._known), None) if self._known is not None else None
        if unknown is not None:
            reason = f"no token for {unknown!r}"
            raise InputError("text_not_encodable", f"not encodable: {reason}", reason=reason)
        with library_errors(lambda reason: InputError("text_not_encodable", f"not encodable: {reason}", reason=reason)):
            return list(self._backend.encode(text, add_special_tokens=False).ids)

    def encode_after(self, before: str, text: str) -> list[int]:
        """Token ids of a text that follows another: without the space that some vocabularies put before every text."""
        first, both = self.encode(before), self.encode(before + text) if self._kind == "metaspace" else []
        return both[len(first) :] if both[: len(first)] == first and len(both) > len(first) else self.encode(text)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids; bytes that are no whole character are shown in hex."""
        check_ids(ids, self.vocab_size)
        if self._kind in ("bytes", "metaspace"):
            return decode_leniently(b"".join(self.token_bytes(i) or self.piece(i).encode() for i in ids))
        return str(self._backend.decode(list(ids), skip_special_tokens=False))

    def piece(self, token_id: int) -> str:
        """One token's text; a special token's name; the id, as in "#17", where the vocabulary has a gap."""
        check_ids([token_id], self.vocab_size)
        token = self._backend.id_to_token(token_id)
        if token is None:
            return f"#{token_id}"
        if token_id in self._special or self._kind == "words":
            return str(token)
        return text_of_bytes(self.token_bytes(token_id))

    def token_bytes(self, token_id: int) -> bytes:
        """The UTF-8 bytes that a token stands for; b"" for a special token and for a gap."""
        check_ids([token_id], self.vocab_size)
        token = self._backend.id_to_token(token_id)
        if token is None or token_id in self._special:
            return b""
        if self._kind == "bytes" and all(character in BYTE_OF for character in token):
            return bytes(BYTE_OF[character] for character in token)
        if self._kind == "metaspace":
            if byte := _BYTE_TOKEN.fullmatch(token):
                return bytes([int(byte[1], 16)])
            return token.replace("▁", " ").encode()
        return token.removeprefix("##").encode()


def folder_tokenizer(folder: Path) -> Tokenizer | None:
    """The tokenizer of a folder's own vocabulary; None where the folder brings none.

    A vocabulary that is GPT-2's is this library's own GPT-2 tokenizer.

    Raises:
        InputError: "bad_vocabulary", naming the file, for a vocabulary that cannot be read; "vocabulary_not_read" for
            one of another kind (SentencePiece's); or as `read_regular`.
    """
    source = vocabulary_source(folder)
    if source is None:
        return None
    if source in UNREAD_VOCABULARIES:
        raise InputError(
            "vocabulary_not_read", f"{source} is a vocabulary of a kind that is not read here", file=source
        )
    settings = read_json(folder / "tokenizer_config.json") if (folder / "tokenizer_config.json").is_file() else {}
    with library_errors(partial(bad_vocabulary, source)):
        backend = _READERS[source](folder, settings)
        if _is_gpt2(backend):
            return gpt2_tokenizer()
        return FolderTokenizer(backend, source, prefix_token=_prefix_token(backend, settings))


def vocabulary_source(folder: Path) -> str | None:
    """Which vocabulary a folder brings, by its files' names; None for none."""
    if (folder / "tokenizer.json").exists():
        return "tokenizer.json"
    if (folder / "vocab.json").exists() or (folder / "merges.txt").exists():
        return "vocab.json + merges.txt"
    if (folder / "vocab.txt").exists():
        return "vocab.txt"
    return next((name for name in UNREAD_VOCABULARIES if (folder / name).exists()), None)


def checkpoint_tokenizer(metadata: Mapping[str, str]) -> FolderTokenizer:
    """The tokenizer that one of this project's checkpoints holds. Raises InputError("bad_vocabulary")."""
    source = "tokenizer.json"
    with library_errors(partial(bad_vocabulary, source)):
        backend = tokenizers.Tokenizer.from_str(metadata["tokenizer"])
        return FolderTokenizer(backend, source, prefix_token=metadata.get("prefix_token"))


def _read_whole(folder: Path, _: dict[str, Any]) -> tokenizers.Tokenizer:
    return tokenizers.Tokenizer.from_buffer(read_regular(folder / "tokenizer.json", MAX_VOCABULARY_BYTES))


def _read_byte_pairs(folder: Path, settings: dict[str, Any]) -> tokenizers.Tokenizer:
    """GPT-2's own two files."""
    vocabulary = read_json(folder / "vocab.json", MAX_VOCABULARY_BYTES)
    lines = read_regular(folder / "merges.txt", MAX_VOCABULARY_BYTES).decode("utf-8").split("\n")
    pairs = (line.partition(" ") for line in lines if line and not line.startswith("#version"))
    merges = [(first, second) for first, _, second in pairs]
    backend = tokenizers.Tokenizer(models.BPE(vocabulary, merges))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=settings.get("add_prefix_space") is True)
    backend.decoder = decoders.ByteLevel()
    _add_special(backend, vocabulary, ["<|endoftext|>", *_named_tokens(settings)])
    return backend


def _read_word_pieces(folder: Path, settings: dict[str, Any]) -> tokenizers.Tokenizer:
    """BERT's list of words, a line each, as many Chinese GPT-2s use."""
    lines = read_regular(folder / "vocab.txt", MAX_VOCABULARY_BYTES).decode("utf-8").split("\n")
    vocabulary = {line.rstrip("\r"): i for i, line in enumerate(lines) if line.rstrip("\r") or i < len(lines) - 1}
    unknown = settings.get("unk_token")
    backend = tokenizers.Tokenizer(
        models.WordPiece(vocabulary, unk_token=unknown if isinstance(unknown, str) else "[UNK]")
    )
    backend.normalizer = normalizers.BertNormalizer(
        clean_text=True,
        handle_chinese_chars=settings.get("tokenize_chinese_chars") is not False,
        strip_accents=settings.get("strip_accents") if isinstance(settings.get("strip_accents"), bool) else None,
        lowercase=settings.get("do_lower_case") is not False,
    )
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    _add_special(backend, vocabulary, [*_BERT_SPECIAL, *_named_tokens(settings)])
    return backend


_READERS: dict[str, Callable[[Path, dict[str, Any]], tokenizers.Tokenizer]] = {
    "tokenizer.json": _read_whole,
    "vocab.json + merges.txt": _read_byte_pairs,
    "vocab.txt": _read_word_pieces,
}


def _add_special(backend: tokenizers.Tokenizer, vocabulary: dict[str, Any], names: list[str]) -> None:
    backend.add_special_tokens([name for name in names if name in vocabulary])


def _named_tokens(settings: dict[str, Any]) -> Iterator[str]:
    """The special tokens that a `tokenizer_config.json` names."""
    for role in ("bos_token", "eos_token", "unk_token", "pad_token", "cls_token", "sep_token", "mask_token"):
        token = _content(settings.get(role))
        if token:
            yield token


def _prefix_token(backend: tokenizers.Tokenizer, settings: dict[str, Any]) -> str | None:
    """The token that the model expects before a text: its `bos_token`, where its own tokenizer puts it there.

    Where nothing names a `bos_token`, it is the token that the tokenizer puts first. BERT's [CLS] is none.
    """
    bos = _content(settings.get("bos_token"))
    if bos and isinstance(settings.get("add_bos_token"), bool):
        return bos if settings["add_bos_token"] else None
    if bos:
        return bos if backend.encode("", add_special_tokens=True).tokens[:1] == [bos] else None
    processor = json.loads(backend.to_str())["post_processor"] or {}
    templates = [part["single"] for part in (processor, *processor.get("processors", [])) if part.get("single")]
    first: str | None = templates[0][0].get("SpecialToken", {}).get("id") if templates else None
    return None if first in _BERT_SPECIAL else first


def _content(token: Any) -> str:
    """A special token's text, whether the file gives it by itself or with its settings."""
    content = token.get("content") if isinstance(token, dict) else token
    return content if isinstance(content, str) else ""


def _is_gpt2(backend: tokenizers.Tokenizer) -> bool:
    """Whether a vocabulary is OpenAI's, in every token, merge and setting."""
    if backend.get_vocab_size(with_added_tokens=True) != gpt2_tokenizer().vocab_size:
        return False
    parsed = json.loads(backend.to_str())
    model, before = parsed["model"], parsed["pre_tokenizer"] or {}
    plain = {"add_prefix_space": False, "use_regex": True, "type": "ByteLevel"}
    if parsed["normalizer"] is not None or any(before.get(key, value) != value for key, value in plain.items()):
        return False
    if model["type"] != "BPE" or len(model["merges"]) != 50_000:
        return False
    ours = gpt2_tokenizer()
    vocabulary = {i: token for token, i in model["vocab"].items()}
    return all(
        all(character in BYTE_OF for character in vocabulary.get(i, "?\n"))
        and bytes(BYTE_OF[character] for character in vocabulary[i]) == ours.token_bytes(i)
        for i in range(50_256)
    ) and all(
        "".join(merge.split(" ") if isinstance(merge, str) else merge) == vocabulary[256 + n]
        for n, merge in enumerate(model["merges"])
    )


def _known_characters(parsed: dict[str, Any]) -> frozenset[str] | None:
    """All characters that a vocabulary of plain characters has; None for one that takes any text.

    The library drops the others without a word: another text than the visitor's would be scored.
    """
    model = parsed["model"]
    plain = model.get("type") == "BPE" and not (model.get("unk_token") or model.get("byte_fallback"))
    if not plain or parsed.get("normalizer") or parsed.get("pre_tokenizer"):
        return None
    return frozenset(token for token in model["vocab"] if len(token) == 1)


def _decoder_kind(decoder: dict[str, Any]) -> str:
    """How tokens are written: "bytes" (GPT-2's alphabet), "metaspace" (▁ for a space), or "words"."""
    parts = [decoder, *decoder.get("decoders", [])]
    kinds = {part.get("type") for part in parts}
    if "ByteLevel" in kinds:
        return "bytes"
    spaces = any(part.get("type") == "Replace" and "▁" in str(part.get("pattern")) for part in parts)
    return "metaspace" if "Metaspace" in kinds or spaces else "words"
