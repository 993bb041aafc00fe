"""The page "Long text": a text beyond the model's context, scored in windows and coloured by surprise."""
