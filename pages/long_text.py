"""Long text: a text beyond the model's context, scored in windows and coloured by surprise."""

from gptcore.ui.frame import current_choice, heading
from gptcore.ui.long_text.view import long_text_page

heading("long_text")
long_text_page(current_choice())
