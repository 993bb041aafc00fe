"""Train: what the loss is for. Targets fitted step by step, the gradient opened up, a text learned by heart."""

from gptcore.ui.frame import current_choice, heading, own_model_here
from gptcore.ui.train.controls import section_choice

heading("train")
section = section_choice()
if section == "fit":
    from gptcore.ui.train.fit import fit

    fit(current_choice())
elif section == "backpropagation":
    from gptcore.ui.train.backpropagation import backpropagation

    own_model_here()
    backpropagation(current_choice())
else:
    from gptcore.ui.train.learn_text import learn_a_text

    own_model_here()
    learn_a_text(current_choice())
