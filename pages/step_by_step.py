"""Step by step: the chain from text to perplexity in eleven steps, a screen each, to be taught from."""

import streamlit as st

from gptcore import numbers
from gptcore.config import SIZES
from gptcore.errors import InputError
from gptcore.ui.elements import error_sentence
from gptcore.ui.examples_editor import examples_editor
from gptcore.ui.examples_state import current_examples
from gptcore.ui.frame import current_choice, heading, page_controls
from gptcore.ui.steps_view import chosen_steps, seven_word_seed, show_step, step_controls, text_line
from gptcore.ui.texts import page_text

with st.container(key="step_top"):
    title, buttons = st.columns([4, 5], vertical_alignment="center")
with title:
    heading("step_by_step")
text = page_text("step_by_step")
choice = current_choice()
step, vocabulary = step_controls(page_controls(), buttons)
try:
    walked = chosen_steps(choice, current_examples(choice), vocabulary)
except InputError as error:
    st.warning(error_sentence(error), icon=":material/error:")
else:
    if walked is None:
        st.info(text("mend"), icon=":material/build:")
        st.page_link("pages/explore.py", label=text("to_explore"), icon=":material/search_insights:")
    else:
        steps, examples = walked
        show_step(step, steps, examples)
        st.caption(text_line(examples))

if vocabulary == "seven":
    parameters = numbers.count(SIZES["toy"].parameters)
    st.caption(text("seven_texts", parameters=parameters, seed=seven_word_seed(choice)))
else:
    with st.expander(text("texts"), icon=":material/edit:"):
        examples_editor(choice)
