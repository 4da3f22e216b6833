# SPDX-License-Identifier: Apache-2.0
"""A WebSocket server that says what it saw, and a client that sends any header: Debian's python3-websockets on both sides."""
import asyncio
import json
import threading
import warnings

# Debian 12 has websockets 10, where this is the one implementation; Debian 13 has 15, which calls it legacy and keeps it.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from websockets.legacy.client import connect
    from websockets.legacy.server import serve
    try:
        from websockets.legacy.exceptions import InvalidStatusCode
    except ImportError:
        from websockets.exceptions import InvalidStatusCode


class Echo:
    """Use it as a context manager. Its first message is what it saw of the handshake, as JSON; then it echoes. seen: all handshakes."""

    def __enter__(self):
        self.seen, self.loop, ready = [], asyncio.new_event_loop(), threading.Event()
        self.thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self.thread.start()
        assert ready.wait(20)
        return self

    def _run(self, ready):
        asyncio.set_event_loop(self.loop)
        self.server = self.loop.run_until_complete(serve(self._serve, "127.0.0.1", 0))
        self.port = self.server.sockets[0].getsockname()[1]
        ready.set()
        self.loop.run_forever()

    async def _serve(self, socket):
        saw = {"path": socket.path, "headers": list(socket.request_headers.raw_items())}
        self.seen.append(saw)
        await socket.send(json.dumps(saw))
        async for message in socket:
            await socket.send(message)

    async def _stop(self):
        self.server.close()
        await self.server.wait_closed()
        self.loop.stop()

    def __exit__(self, *exception):
        asyncio.run_coroutine_threadsafe(self._stop(), self.loop)
        self.thread.join(20)


class Refused(Exception):
    """The handshake was answered with another status."""

    def __init__(self, status, headers):
        super().__init__(status)
        self.status, self.headers = status, headers


def talk(port, path, headers=None, say="hello"):
    """Open a WebSocket, say something, and have it back. @return what the server saw of the handshake, and the answer's headers"""
    async def run():
        try:
            async with connect("ws://127.0.0.1:%d%s" % (port, path), extra_headers=headers or {}, open_timeout=20) as socket:
                saw = json.loads(await socket.recv())
                await socket.send(say)
                assert await socket.recv() == say
                return saw, socket.response_headers
        except InvalidStatusCode as error:
            raise Refused(error.status_code, error.headers) from None

    return asyncio.run(run())


def status_of(server, path, headers=None):
    """What the handshake is answered: 101, or the status of the refusal."""
    try:
        talk(server.port, path, headers)
        return 101
    except Refused as refused:
        return refused.status
