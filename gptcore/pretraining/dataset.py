"""The corpus as token ids, ready to be trained on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gptcore.pretraining.corpus import Document, Ids, encode_long, read_corpus
from gptcore.pretraining.recipe import Recipe
from gptcore.pretraining.vocabulary import CompactVocabulary, compact_vocabulary
from gptcore.pretraining.windows import BatchPlan
from gptcore.tokenizers.gpt2 import END_OF_TEXT, gpt2_tokenizer


@dataclass(frozen=True)
class Prepared:
    """Token ids of every part, the rows that the training uses, and the token between documents."""

    training: tuple[Ids, ...]
    validation: tuple[Ids, ...]
    held_out: tuple[tuple[Document, Ids], ...]
    vocabulary: CompactVocabulary
    separator: int

    def plan(self, recipe: Recipe) -> BatchPlan:
        """Which windows the recipe's steps read."""
        return BatchPlan(self.training, self.separator, recipe.config.context_length, recipe.batch_size, recipe.seed)


def prepare(folder: Path, limit: int | None = None) -> Prepared:
    """Read and encode the corpus in `folder`; only the first `limit` documents of each part where that is given."""
    corpus, tokenizer = read_corpus(folder), gpt2_tokenizer()
    (separator,) = tokenizer.encode(END_OF_TEXT, end_of_text_is_special=True)
    training = tuple(encode_long(document.text) for document in corpus.training[:limit])
    return Prepared(
        training=training,
        validation=tuple(encode_long(document.text) for document in corpus.validation[:limit]),
        held_out=tuple((document, encode_long(document.text)) for document in corpus.held_out[:limit]),
        vocabulary=compact_vocabulary(training, [separator], tokenizer.vocab_size),
        separator=separator,
    )
