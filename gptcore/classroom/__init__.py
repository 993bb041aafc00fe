"""A classroom: rooms that are joined by a code, questions that are answered by the computation, and guesses.

Everything is in one SQLite file, so that several processes of a server share its rooms, and a restarted server
still has them. No accounts and no names: a person is a random token that only their browser holds.
"""

from gptcore.classroom.lessons import Lesson, LessonQuestion, LessonView
from gptcore.classroom.questions import Question, free_question
from gptcore.classroom.records import ASKED, CLOSED, REVEALED, Asked, OpenedRoom, Room, View
from gptcore.classroom.rooms import MAX_PEOPLE, MAX_ROOMS, REQUESTS_A_MINUTE, ROOM_SECONDS, Rooms
from gptcore.classroom.tallies import Tally

__all__ = [
    "ASKED",
    "CLOSED",
    "MAX_PEOPLE",
    "MAX_ROOMS",
    "REQUESTS_A_MINUTE",
    "REVEALED",
    "ROOM_SECONDS",
    "Asked",
    "Lesson",
    "LessonQuestion",
    "LessonView",
    "OpenedRoom",
    "Question",
    "Room",
    "Rooms",
    "Tally",
    "View",
    "free_question",
]
