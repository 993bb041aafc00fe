"""Step by step: the chain from text to perplexity in eleven steps, a screen each, to be taught from."""

import streamlit as st

from gptcore import number_format
from gptcore.config import SIZES
from gptcore.errors import InputError
from gptcore.ui.examples.on_demand import change_texts
from gptcore.ui.examples.one_line import text_line
from gptcore.ui.examples.state import current_examples
from gptcore.ui.frame import current_choice, heading, own_model_here, page_controls
from gptcore.ui.state.translations import page_text
from gptcore.ui.step_by_step.controls import step_controls
from gptcore.ui.step_by_step.exports import steps_downloads
from gptcore.ui.step_by_step.view import chosen_steps, seven_word_model, seven_word_seed, show_step
from gptcore.ui.widgets.basics import error_sentence

with st.container(key="step_top"):
    title, buttons = st.columns([4, 5], vertical_alignment="center")
with title:
    heading("step_by_step")
text = page_text("step_by_step")
choice = current_choice()
step, vocabulary = step_controls(page_controls(), buttons)
editor = st.container()
try:
    walked = chosen_steps(choice, current_examples(choice), vocabulary)
except InputError as error:
    st.warning(error_sentence(error), icon=":material/error:")
else:
    if walked is None:
        st.info(text("mend"), icon=":material/build:")
    else:
        steps, examples = walked
        show_step(step, steps, examples)
        st.caption(text_line(examples))
        steps_downloads(step, steps, seven_word_model(choice) if vocabulary == "seven" else choice, examples)

if vocabulary == "seven":
    own_model_here()
    parameters = number_format.count(SIZES["toy"].parameters)
    st.caption(text("seven_texts", parameters=parameters, seed=seven_word_seed(choice)))
else:
    change_texts(choice, editor, needed=current_examples(choice) is None)
