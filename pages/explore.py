"""Explore: a prompt and a target in, the whole chain to the perplexity out."""

import streamlit as st

from gptcore.errors import InputError
from gptcore.ui.examples.editor import examples_editor
from gptcore.ui.frame import current_choice, heading, page_controls, part_of_page
from gptcore.ui.models.result_cache import kept_report, report_for
from gptcore.ui.report.numbers import temperature_control
from gptcore.ui.report.position import POSITIONS, choose_position
from gptcore.ui.widgets.basics import charts_to_come, error_sentence
from gptcore.ui.widgets.predict import ask_for_perplexity, compare_perplexity, is_covered

heading("explore")
choice = current_choice()
temperature = temperature_control(page_controls())
entered = examples_editor(
    choice,
    on_position=choose_position,
    kept=lambda examples: (
        None if is_covered("explore", choice, examples, temperature) else kept_report(choice, examples, temperature)
    ),
)

if entered is not None and is_covered("explore", choice, entered.examples, temperature):
    ask_for_perplexity("explore", (choice, entered.examples, temperature), choice.vocab_size)
elif entered is not None:
    from gptcore.ui.explore import charts, details  # torch and plotly come after the tokens are on the screen
    from gptcore.ui.explore.fix_effects import fix_effects
    from gptcore.ui.explore.generation import generation_view
    from gptcore.ui.explore.invitation import other_model
    from gptcore.ui.export.downloads import report_downloads
    from gptcore.ui.report.knowledge import what_it_knows
    from gptcore.ui.report.numbers import numbers_of_the_chain
    from gptcore.ui.report.table import table

    examples = entered.examples
    try:
        with charts_to_come():
            report = report_for(choice, examples, temperature)
    except InputError as error:
        st.warning(error_sentence(error), icon=":material/error:")
    else:
        entered.show_surprise(report)
        compare_perplexity("explore", report.perplexity, report.cross_entropy, report.vocab_size)
        numbers_of_the_chain(report)
        other_model(choice)
        what_it_knows(choice, [report], only_far=True)
        figures = charts.linked_figures(report)
        part_of_page(POSITIONS, lambda: charts.positions(report, choice, examples, figures))
        table(report)
        details.self_check(report)
        generation_view(choice, examples)
        details.code(choice, examples, temperature)
        report_downloads(report, choice, examples, temperature, charts.by_title(figures))
        fix_effects(entered.fixes, report, choice)
