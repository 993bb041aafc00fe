"""Every event of a visitor is acted on, in the order in which they happened.

Streamlit starts a run at each event and gives up the one before. Where the next event is there before the run's
thread has begun, it is never begun: the button that was pressed was not pressed, and what was typed on a page that
is being left is gone. A slow line delivers many events at once. So an event waits here until the one before it has
been taken in, which takes a few milliseconds, and what it repeats of a field's older value is left out.

Streamlit stops the run of a visitor whose line breaks, and delivers what it had drawn, as a page that is whole, when
the line is back: all that the run had not come to would vanish. Here that is forgotten; the browser asks for the page
again (`widgets/reconnection.py`).

Written for streamlit 1.67; `tests/ui/state/test_events.py` says so if another one is built differently.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType, _coalesce_widget_states
from streamlit.runtime.scriptrunner_utils.script_run_context_attr import SCRIPT_RUN_CONTEXT_ATTR_NAME
from streamlit.runtime.state.common import user_key_from_element_id
from streamlit.runtime.websocket_session_manager import WebsocketSessionManager

from gptcore.ui.state.echoes import Echoes

MARKER = "_seen_"
"""How the keys of the markers begin that tell what a browser has had."""

ECHOES = "_echoes"
"""Where a session keeps its Echoes."""

_LONGEST_WAIT = 5.0
_PAUSE = 0.002

_waiting: WeakKeyDictionary[AppSession, deque[tuple[BackMsg, float]]] = WeakKeyDictionary()
_taken_in: WeakSet[Any] = WeakSet()
_ending: WeakSet[Any] = WeakSet()


def take_in() -> None:
    """Say that this run has read what its event brought: the next event may end it."""
    _note_run(_taken_in)


def let_end() -> None:
    """Say that this run has drawn all it had to: the next event waits until its thread has ended.

    Streamlit tidies up what a session holds at a run's end, in that run's thread, and would not wait for it.
    """
    _note_run(_ending)


def _note_run(runs: WeakSet[Any]) -> None:
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None and context.parallel_coordinator is not None:
        runs.add(context.parallel_coordinator)


def keep_order() -> None:
    """Let every session of this process act on all its events, in order. Once is enough; more does no harm."""
    if not hasattr(AppSession.handle_backmsg, "__wrapped__"):
        setattr(AppSession, "handle_backmsg", _in_order(AppSession.handle_backmsg))  # noqa: B010 - it is a method
    if not hasattr(WebsocketSessionManager.connect_session, "__wrapped__"):
        connect = _forgetting(WebsocketSessionManager.connect_session)
        setattr(WebsocketSessionManager, "connect_session", connect)  # noqa: B010 - it is a method


def _forgetting(connect: Callable[..., str]) -> Callable[..., str]:
    """Connect a browser; one that comes back does not get what a run that was stopped had drawn."""

    @wraps(connect)
    def connect_session(manager: WebsocketSessionManager, *args: Any, **named: Any) -> str:
        session_id = connect(manager, *args, **named)
        info = manager.get_active_session_info(session_id)
        if info is not None:
            info.session._browser_queue.clear()
        return session_id

    return connect_session


def _in_order(handle: Callable[[AppSession, BackMsg], None]) -> Callable[[AppSession, BackMsg], None]:
    def deliver(session: AppSession) -> None:
        queue = _waiting[session]
        while queue:
            message, until = queue[0]
            if not _ready(session) and time.monotonic() < until:
                asyncio.get_running_loop().call_later(_PAUSE, deliver, session)
                return
            queue.popleft()
            try:
                _prepare(session, message)
            except Exception:  # the event counts all the same
                logging.getLogger(__name__).exception("An event could not be looked through")
            handle(session, message)

    @wraps(handle)
    def handle_backmsg(session: AppSession, message: BackMsg) -> None:
        if message.WhichOneof("type") != "rerun_script":
            handle(session, message)
            return
        queue = _waiting.setdefault(session, deque())
        queue.append((message, time.monotonic() + _LONGEST_WAIT))
        if len(queue) == 1:
            deliver(session)

    return handle_backmsg


def _ready(session: AppSession) -> bool:
    """Whether the run of the event before has taken it in and is not about to end, or there is none."""
    runner = session._scriptrunner
    thread = None if runner is None else runner._script_thread
    if runner is None or thread is None or not thread.is_alive():
        return True
    context = getattr(thread, SCRIPT_RUN_CONTEXT_ATTR_NAME, None)
    if context is None or not context.has_script_started:
        return False
    run = context.parallel_coordinator
    return run not in _ending and (bool(context.fragment_ids_this_run) or run in _taken_in)


def _echoes_of(session: AppSession) -> Echoes | None:
    try:
        echoes = session._session_state[ECHOES]
    except KeyError:  # before the first run
        return None
    return echoes if isinstance(echoes, Echoes) else None


def _prepare(session: AppSession, message: BackMsg) -> None:
    """Leave echoes out of an event, and add the buttons of a part of the page whose own run has not begun."""
    state = message.rerun_script.widget_states
    echoes = _echoes_of(session)
    if echoes is not None:
        keys = {widget.id: user_key_from_element_id(widget.id) or widget.id for widget in state.widgets}
        seen = {
            keys[widget.id]: int(widget.string_value)
            for widget in state.widgets
            if keys[widget.id].startswith(MARKER) and widget.string_value.isdecimal()
        }
        old = echoes.arrive({keys[widget.id]: widget.SerializeToString() for widget in state.widgets}, seen)
        kept = [widget for widget in state.widgets if keys[widget.id] not in old]
        if old:
            del state.widgets[:]
            state.widgets.extend(kept)
    runner = session._scriptrunner
    if runner is not None and not message.rerun_script.fragment_id:
        with runner._requests._lock:
            pending = runner._requests._rerun_data if runner._requests._state is ScriptRequestType.RERUN else None
        merged = None if pending is None else _coalesce_widget_states(pending.widget_states, state)
        if merged is not None:
            state.CopyFrom(merged)
