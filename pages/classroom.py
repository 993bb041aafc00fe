"""Classroom: guess together, follow along."""

from gptcore.ui.classroom.page import classroom
from gptcore.ui.frame import heading

heading("classroom")
classroom()
