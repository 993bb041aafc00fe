"""Events are acted on one after the other, and Streamlit is built as the code for it takes for granted."""

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.scriptrunner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests
from streamlit.runtime.scriptrunner_utils.script_run_context_attr import SCRIPT_RUN_CONTEXT_ATTR_NAME
from streamlit.runtime.state.session_state import SessionState

from gptcore.ui.state import events
from gptcore.ui.state.echoes import Echoes


def test_streamlit_is_built_as_expected() -> None:
    assert streamlit.__version__ == "1.67.0", "look at browser.py and events.py again"
    assert vars(ScriptRequests()).keys() >= {"_lock", "_state", "_rerun_data"}
    state = SessionState()
    assert (len(state._new_widget_state.states), state._key_id_mapper.get_id_from_key("seed", None)) == (0, None)
    assert {"_scriptrunner", "_session_state", "_browser_queue"} <= set(AppSession.__init__.__code__.co_names)
    assert {"_script_thread", "_requests"} <= set(ScriptRunner.__init__.__code__.co_names)


class Session:
    """As much of an AppSession as is looked at: a run that has, or has not, taken in its event."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        thread = threading.Thread(target=self.ended.wait, daemon=True)
        self.context = SimpleNamespace(has_script_started=False, fragment_ids_this_run=None, parallel_coordinator=Run())
        setattr(thread, SCRIPT_RUN_CONTEXT_ATTR_NAME, self.context)
        thread.start()
        self._scriptrunner = SimpleNamespace(_script_thread=thread, _requests=ScriptRequests())
        self._session_state = SessionState()


class Run:
    """Stands for one run."""


def event(words: str) -> BackMsg:
    message = BackMsg()
    message.rerun_script.query_string = words
    widget = message.rerun_script.widget_states.widgets.add()
    widget.id, widget.string_value = "$$ID-0-seed", "7"
    return message


def test_a_browser_that_comes_back_does_not_get_half_a_page() -> None:
    queue = ForwardMsgQueue()
    queue.enqueue(ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY))
    session = SimpleNamespace(_browser_queue=queue)
    manager: Any = SimpleNamespace(get_active_session_info=lambda name: SimpleNamespace(session=session))
    connect = events._forgetting(lambda _, client, existing_session_id: f"{client} is {existing_session_id}")
    assert connect(manager, "it", existing_session_id="known") == "it is known"
    assert queue.is_empty()


def test_an_event_waits_until_the_one_before_was_taken_in() -> None:
    session: Any = Session()
    acted: list[str] = []
    handle = events._in_order(lambda _, message: acted.append(message.rerun_script.query_string))

    async def visit() -> list[list[str]]:
        seen = []
        handle(session, event("one"))
        handle(session, event("two"))
        await asyncio.sleep(0.05)
        seen.append(list(acted))  # the run has not begun
        session.context.has_script_started = True
        await asyncio.sleep(0.05)
        seen.append(list(acted))  # it has begun, and has read nothing yet
        events._taken_in.add(session.context.parallel_coordinator)
        await asyncio.sleep(0.05)
        seen.append(list(acted))
        return seen

    assert asyncio.run(visit()) == [[], [], ["one", "two"]]
    session.ended.set()


@pytest.mark.parametrize("fragments", [[], ["a part of the page"]])
def test_an_event_waits_for_a_run_that_has_drawn_all_until_its_thread_has_ended(fragments: list[str]) -> None:
    session: Any = Session()
    session.context.fragment_ids_this_run = fragments
    acted: list[str] = []
    handle = events._in_order(lambda _, message: acted.append(message.rerun_script.query_string))

    async def visit() -> list[list[str]]:
        seen = []
        session.context.has_script_started = True
        for said in (events._taken_in, events._ending):
            said.add(session.context.parallel_coordinator)
        handle(session, event("one"))
        await asyncio.sleep(0.05)
        seen.append(list(acted))
        session.ended.set()
        await asyncio.sleep(0.05)
        seen.append(list(acted))
        return seen

    assert asyncio.run(visit()) == [[], ["one"]]


def test_what_a_field_held_before_a_button_filled_it_is_left_out() -> None:
    session: Any = Session()
    session.ended.set()
    echoes = session._session_state[events.ECHOES] = Echoes()
    events._prepare(session, event("before"))
    echoes.begin(lambda _: "7", {"seed": "7"}, lambda _: False)
    echoes.begin(lambda _: "8", {"seed": "7"}, lambda _: True)  # a button set it to 8
    message = event("after")
    events._prepare(session, message)
    assert list(message.rerun_script.widget_states.widgets) == []
    message.rerun_script.widget_states.widgets.add(id="$$ID-0-seed", string_value="9")
    events._prepare(session, message)
    assert [widget.string_value for widget in message.rerun_script.widget_states.widgets] == ["9"]
