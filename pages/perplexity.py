"""Perplexity: what the number means, by a slider and by the visitor's own texts."""

import streamlit as st

from gptcore.errors import InputError
from gptcore.ui.examples.on_demand import change_texts
from gptcore.ui.examples.one_line import text_line
from gptcore.ui.examples.state import current_examples
from gptcore.ui.frame import current_choice, heading, part_of_page
from gptcore.ui.models.result_cache import report_for
from gptcore.ui.perplexity import sections as view
from gptcore.ui.perplexity.exercises import exercises
from gptcore.ui.state.translations import page_text, prose
from gptcore.ui.widgets.basics import error_sentence
from gptcore.ui.widgets.html_picture import picture_styles
from gptcore.ui.widgets.predict import ask_for_perplexity, compare_perplexity, is_covered

heading("perplexity")
picture_styles()
text, choice = page_text("perplexity"), current_choice()
examples, report = current_examples(choice), None
if examples is None:
    st.info(text("needs_texts"), icon=":material/build:")
elif is_covered("perplexity", choice, examples):
    st.caption(text_line(examples))
    ask_for_perplexity("perplexity", (choice, examples), choice.vocab_size)
else:
    st.caption(text_line(examples))
    try:
        report = report_for(choice, examples)
        compare_perplexity("perplexity", report.perplexity, report.cross_entropy, report.vocab_size)
    except InputError as error:
        st.warning(error_sentence(error), icon=":material/error:")
change_texts(choice, st.container(), needed=examples is None)

st.subheader(text("headings.die"), anchor=False)
figures = view.die_and_curves(report, choice.vocab_size)
st.subheader(page_text("exercises")("title"), anchor=False)
part_of_page("exercises", lambda: exercises(choice, examples))
st.subheader(text("headings.landmarks"), anchor=False)
view.landmarks(report, choice.vocab_size)
if report is not None:
    for name, draw in (("logs", view.underflow), ("means", view.means), ("units", view.units)):
        st.subheader(text(f"headings.{name}"), anchor=False)
        with st.container(border=True, key=f"part_{name}"):
            figures |= draw(report)
st.subheader(text("headings.low"), anchor=False)
with st.container(border=True, key="part_low"):
    figures |= view.learned_by_heart()
st.markdown(prose("low_is_not_always_good"))
st.page_link("pages/train.py", label=text("low.to_train"), icon=":material/trending_down:")
if report is not None and examples is not None:
    from gptcore.ui.export.downloads import report_downloads  # with plotly, which the texts above did not wait for

    report_downloads(report, choice, examples, 1.0, figures)
