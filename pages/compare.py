"""Compare: what one seed or one text cannot show. Many seeds, several inputs or models, or a list of texts."""

import streamlit as st

from gptcore.ui.compare.fields import PAIRS, compare_view, compared_texts, pair_menu
from gptcore.ui.compare.many_texts import many_texts_view
from gptcore.ui.compare.model_fields import SENTENCES, sentence_menu
from gptcore.ui.compare.models import models_view
from gptcore.ui.compare.seeds import seeds_view
from gptcore.ui.compare.texts import inputs_view
from gptcore.ui.examples.openings import open_on
from gptcore.ui.frame import current_choice, heading, page_controls
from gptcore.ui.report.numbers import temperature_control
from gptcore.ui.widgets.basics import projecting

VIEWS = {"seeds": seeds_view, "inputs": inputs_view, "models": models_view}

heading("compare")
choice = current_choice()
with st.container(horizontal=True, vertical_alignment="bottom", key="compare_bar"):
    view = compare_view([*VIEWS, "list"])
    if view == "inputs":
        pair_menu()
    if view == "models":
        sentence_menu()
for name, model, texts in (("inputs", "trained_small", PAIRS["typo"]), ("models", "untrained", SENTENCES["learned"])):
    if view == name:
        open_on("compare", view, model=model, examples=texts)
if view == "list":
    many_texts_view(choice)
else:
    temperature = temperature_control(page_controls())
    examples = compared_texts(choice, open_at_first=view == "inputs" and not projecting())
    VIEWS[view](choice, examples, temperature)
