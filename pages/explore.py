"""Explore: a prompt and a target in, the whole chain to the perplexity out."""

import streamlit as st

from gptcore.errors import InputError
from gptcore.ui.elements import charts_to_come, error_sentence
from gptcore.ui.examples_editor import examples_editor
from gptcore.ui.frame import current_choice, heading, page_controls
from gptcore.ui.report_view import choose_position, temperature_control

heading("explore")
choice = current_choice()
temperature = temperature_control(page_controls())
entered = examples_editor(choice, on_position=choose_position)

if entered is not None:
    from gptcore.ui import report_details as details
    from gptcore.ui import report_view as view  # torch and plotly come after the tokens are on the screen
    from gptcore.ui.exports import report_downloads
    from gptcore.ui.generation_view import generation_view
    from gptcore.ui.reports import report_for

    examples = entered.examples
    try:
        with charts_to_come():
            report = report_for(choice, examples, temperature)
    except InputError as error:
        st.warning(error_sentence(error), icon=":material/error:")
    else:
        entered.show_surprise(report)
        view.numbers_of_the_chain(report)
        figures = view.linked_charts(report)
        view.position_inspector(report, choice, examples)
        details.table(report)
        details.self_check(report)
        generation_view(choice, examples)
        details.code(choice, examples, temperature)
        report_downloads(report, choice, examples, temperature, figures)
