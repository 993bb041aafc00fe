"""A GPT and the calculation of its loss, from text to perplexity.

>>> from gptcore import SIZES, Example, score, untrained_model
>>> report = score(untrained_model(SIZES["toy"], seed=123), [Example("every effort moves", "effort moves you")])
>>> report.to_frame().shape[0]
3

Names are imported when they are first used, so that what needs no torch does not wait for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gptcore._lazy import lazy_exports

if TYPE_CHECKING:
    from gptcore.config import GPT_CONFIG_124M as GPT_CONFIG_124M
    from gptcore.config import SIZES as SIZES
    from gptcore.config import GPTConfig as GPTConfig
    from gptcore.errors import Cancelled as Cancelled
    from gptcore.errors import InputError as InputError
    from gptcore.example_fixes import suggest_fixes as suggest_fixes
    from gptcore.examples import EncodedExample as EncodedExample
    from gptcore.examples import Example as Example
    from gptcore.examples import TokenBatch as TokenBatch
    from gptcore.examples import encode as encode
    from gptcore.generation import Continuation as Continuation
    from gptcore.generation import Sampling as Sampling
    from gptcore.generation import generate as generate
    from gptcore.generation import score_continuation as score_continuation
    from gptcore.initialization import untrained_model as untrained_model
    from gptcore.layers import layer_report as layer_report
    from gptcore.lists import score_list as score_list
    from gptcore.model import GPTModel as GPTModel
    from gptcore.model import generate_text_simple as generate_text_simple
    from gptcore.pasted_ids import parse_id_rows as parse_id_rows
    from gptcore.pasted_ids import parse_ids as parse_ids
    from gptcore.presets import PRESETS as PRESETS
    from gptcore.results.comparison import ModelComparison as ModelComparison
    from gptcore.results.comparison import aligned_rows as aligned_rows
    from gptcore.results.layers import LayerReport as LayerReport
    from gptcore.results.lists import ListRecord as ListRecord
    from gptcore.results.lists import list_frame as list_frame
    from gptcore.results.report import Report as Report
    from gptcore.results.seeds import SeedTable as SeedTable
    from gptcore.results.text_costs import TextCost as TextCost
    from gptcore.results.text_costs import costs_frame as costs_frame
    from gptcore.results.text_costs import text_costs as text_costs
    from gptcore.results.text_report import TextReport as TextReport
    from gptcore.results.training import TrainingRun as TrainingRun
    from gptcore.scoring import score as score
    from gptcore.step_by_step import run_steps as run_steps
    from gptcore.sweeps.runner import compare_examples as compare_examples
    from gptcore.sweeps.runner import sweep_seeds as sweep_seeds
    from gptcore.sweeps.seed_lists import parse_seeds as parse_seeds
    from gptcore.tables import read_table as read_table
    from gptcore.text_files import read_text_file as read_text_file
    from gptcore.tokenizers.choice import tokenizer_for as tokenizer_for
    from gptcore.tokenizers.gpt2 import gpt2_tokenizer as gpt2_tokenizer
    from gptcore.tokenizers.seven_words import seven_word_tokenizer as seven_word_tokenizer
    from gptcore.training.config import TrainConfig as TrainConfig
    from gptcore.training.logit_gradients import follow_gradients as follow_gradients
    from gptcore.training.loop import train as train
    from gptcore.training.loop import watched_targets as watched_targets
    from gptcore.training.text_batches import split_text as split_text
    from gptcore.weights.checkpoints import load_checkpoint as load_checkpoint
    from gptcore.weights.checkpoints import save_checkpoint as save_checkpoint
    from gptcore.weights.checkpoints import trained_small_model as trained_small_model
    from gptcore.weights.description import ModelDescription as ModelDescription
    from gptcore.weights.description import describe_model as describe_model
    from gptcore.weights.gpt2 import load_gpt2 as load_gpt2
    from gptcore.weights.gpt2_search import find_gpt2 as find_gpt2
    from gptcore.weights.loading import load_model as load_model
    from gptcore.weights.model_search import find_models as find_models
    from gptcore.windows import plan_windows as plan_windows
    from gptcore.windows import prepare_text as prepare_text
    from gptcore.windows import score_strides as score_strides
    from gptcore.windows import score_text as score_text
    from gptcore.windows import score_text_records as score_text_records

__version__ = "0.2.0"

_HOME = {
    "GPTConfig": "config",
    "GPT_CONFIG_124M": "config",
    "SIZES": "config",
    "Cancelled": "errors",
    "InputError": "errors",
    "suggest_fixes": "example_fixes",
    "EncodedExample": "examples",
    "Example": "examples",
    "TokenBatch": "examples",
    "encode": "examples",
    "parse_id_rows": "pasted_ids",
    "parse_ids": "pasted_ids",
    "Continuation": "generation",
    "Sampling": "generation",
    "generate": "generation",
    "score_continuation": "generation",
    "untrained_model": "initialization",
    "GPTModel": "model",
    "generate_text_simple": "model",
    "PRESETS": "presets",
    "ModelComparison": "results.comparison",
    "aligned_rows": "results.comparison",
    "Report": "results.report",
    "SeedTable": "results.seeds",
    "TextCost": "results.text_costs",
    "costs_frame": "results.text_costs",
    "text_costs": "results.text_costs",
    "TrainingRun": "results.training",
    "score": "scoring",
    "run_steps": "step_by_step",
    "compare_examples": "sweeps.runner",
    "sweep_seeds": "sweeps.runner",
    "parse_seeds": "sweeps.seed_lists",
    "tokenizer_for": "tokenizers.choice",
    "gpt2_tokenizer": "tokenizers.gpt2",
    "seven_word_tokenizer": "tokenizers.seven_words",
    "TrainConfig": "training.config",
    "follow_gradients": "training.logit_gradients",
    "train": "training.loop",
    "watched_targets": "training.loop",
    "split_text": "training.text_batches",
    "load_checkpoint": "weights.checkpoints",
    "save_checkpoint": "weights.checkpoints",
    "trained_small_model": "weights.checkpoints",
    "ModelDescription": "weights.description",
    "describe_model": "weights.description",
    "load_gpt2": "weights.gpt2",
    "find_gpt2": "weights.gpt2_search",
    "layer_report": "layers",
    "LayerReport": "results.layers",
    "score_list": "lists",
    "ListRecord": "results.lists",
    "list_frame": "results.lists",
    "TextReport": "results.text_report",
    "read_table": "tables",
    "read_text_file": "text_files",
    "plan_windows": "windows",
    "prepare_text": "windows",
    "score_strides": "windows",
    "score_text": "windows",
    "score_text_records": "windows",
    "load_model": "weights.loading",
    "find_models": "weights.model_search",
}
_MODULES = (
    "charts",
    "results",
    "sweeps",
    "tokenizers",
    "training",
    "weights",
)
__all__ = sorted([*_HOME, "__version__"])  # noqa: PLE0605
__getattr__, __dir__ = lazy_exports(__name__, _HOME, _MODULES)
