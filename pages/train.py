"""Train: what the loss is for. Targets fitted step by step, the gradient opened up, a text learned by heart."""

from gptcore.ui.frame import current_choice, heading
from gptcore.ui.train_controls import section_choice

heading("train")
section = section_choice()
if section == "fit":
    from gptcore.ui.train_view import fit

    fit(current_choice())
elif section == "backpropagation":
    from gptcore.ui.backpropagation_view import backpropagation

    backpropagation(current_choice())
else:
    from gptcore.ui.learn_view import learn_a_text

    learn_a_text(current_choice())
