# SPDX-License-Identifier: Apache-2.0
"""A proxy between httpd and a server, that can become a bad one."""
import contextlib
import socket
import threading


class Last(bytes):
    """An answer after which the connection is closed."""


class Proxy:
    """Forwards to 127.0.0.1:PORT. `change(bytes)`, where set, makes of an answer of the server what httpd gets: bytes, or Last of them;
    None to hold it back for good; or "cut", which closes the connection instead. Use it as a context manager."""

    def __init__(self, port):
        self.target, self.change = port, None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.accepted, self.open = 0, set()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        return "127.0.0.1:%d" % self.port

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                self.accepted += 1
                server = socket.create_connection(("127.0.0.1", self.target))
                self.open |= {client, server}
                threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source, sink, is_answer):
        with contextlib.suppress(OSError):
            while True:
                data = source.recv(65536)
                if data and is_answer and self.change:
                    data = self.change(data)
                if data is None:
                    continue
                if not data or data == "cut":
                    break
                sink.sendall(data)
                if isinstance(data, Last):
                    break
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.listener.shutdown(socket.SHUT_RDWR)        # wakes the thread that waits in accept
        self.listener.close()
        for one in self.open:
            one.close()
