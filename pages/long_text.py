"""Long text: a text beyond the model's context, scored in windows and coloured by surprise."""

from gptcore.ui.examples.openings import open_on
from gptcore.ui.frame import current_choice, heading
from gptcore.ui.long_text.view import long_text_page

heading("long_text")
open_on("long_text", "long_text", model="trained_small")
long_text_page(current_choice())
