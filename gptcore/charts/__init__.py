"""Plotly figures from results: data in, figure out, words as arguments."""
