"""Learning by heart, in miniature: a GPT of seven words reads one sentence again and again, and never the other."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from gptcore.config import SIZES
from gptcore.examples import Example, encode
from gptcore.initialization import untrained_model
from gptcore.tokenizers.seven_words import seven_word_tokenizer
from gptcore.training.config import TrainConfig
from gptcore.training.loop import train

LEARNED = Example("every effort moves you forward", alignment="shifted")
NEW = Example("a zoo moves you forward", alignment="shifted")
UPDATES = 60


@cache
def learned_by_heart() -> pd.DataFrame:
    """Perplexity of both sentences before each update and after the last: `learned_perplexity`, `new_perplexity`.

    The new one's at first falls with the other, for the end of both is the same.

    >>> learned_by_heart().iloc[[0, -1]].round(2)
        learned_perplexity  new_perplexity
    0                 7.83           10.47
    60                1.00           10.95
    """
    tokenizer = seven_word_tokenizer()
    learned, new = (encode([example], tokenizer) for example in (LEARNED, NEW))
    config = TrainConfig(learning_rate=0.01, steps=UPDATES, measure_every=1)
    run = train(untrained_model(SIZES["toy"], seed=123), [learned], config, validation=[new])
    losses = np.array([(record.cross_entropy, record.validation_cross_entropy) for record in run], dtype=np.float64)
    return pd.DataFrame(np.exp(losses), columns=["learned_perplexity", "new_perplexity"])
