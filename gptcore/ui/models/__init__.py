"""Models as pages use them: chosen, listed, kept in memory, downloaded."""
