"""A line between browser and server that is slow, holds everything back for a while, or breaks."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any


class Proxy:
    """Passes bytes on, each way after a delay; can hold what the browser sends, and cut every connection."""

    def __init__(self, server_port: int, port: int = 0) -> None:
        self.server_port = server_port
        self.delay_ms = 0.0
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._writers: set[asyncio.StreamWriter] = set()
        self._open = asyncio.Event()
        self._let_in = True
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where a browser finds the server."""
        return f"http://127.0.0.1:{self.port}"

    def hold(self) -> None:
        """Keep back what the browser sends from now on."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def release(self) -> None:
        """Deliver at once what was held back."""
        self._loop.call_soon_threadsafe(self._open.set)

    def cut(self) -> None:
        """Break every connection, and let none in until `restore()`."""
        self._call(self._cut)

    def restore(self) -> None:
        """Let connections in again."""
        self._let_in = True

    def start(self) -> None:
        self._thread.start()

        async def listen() -> None:
            self._open.set()
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

        self._call(listen)

    def stop(self) -> None:
        async def close() -> None:
            assert self._server is not None
            self._server.close()
            await self._cut()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self._call(close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def _call(self, job: Callable[[], Coroutine[Any, Any, None]]) -> None:
        asyncio.run_coroutine_threadsafe(job(), self._loop).result(timeout=10)

    async def _cut(self) -> None:
        self._let_in = False
        for writer in list(self._writers):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not self._let_in:
                raise ConnectionError
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self.server_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, to_writer}
        await asyncio.gather(self._pass(reader, to_writer, held=True), self._pass(to_reader, writer, held=False))
        self._writers -= {writer, to_writer}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, held: bool) -> None:
        """Pass on what comes, in order, each piece `delay_ms` after it came."""
        pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                due, piece = await pieces.get()
                await asyncio.sleep(max(0.0, due - self._loop.time()))
                if held:
                    await self._open.wait()
                if not piece:
                    writer.close()
                    return
                writer.write(piece)
                await writer.drain()

        delivery = asyncio.ensure_future(deliver())
        try:
            with suppress(OSError):
                while piece := await reader.read(1 << 16):
                    pieces.put_nowait((self._loop.time() + self.delay_ms / 1_000, piece))
            pieces.put_nowait((self._loop.time() + self.delay_ms / 1_000, b""))
            with suppress(OSError):
                await delivery
        finally:
            delivery.cancel()
            writer.transport.abort()


@contextmanager
def proxied(server_port: int) -> Iterator[Proxy]:
    """Stand between a browser and the server on a port of this machine."""
    proxy = Proxy(server_port)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
