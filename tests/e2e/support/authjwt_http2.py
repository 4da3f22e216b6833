# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 by Debian's python3-h2: one connection, any number of streams at once.

    with Connection(port) as h2: h2.get("/protected", token)                                           in clear, with prior knowledge
    with Connection(port, certificate) as h2: ...                                                      TLS, where ALPN chooses h2
    answers = h2.run([Request("GET", "/a", headers), ...])                                             all begun before any is read
"""
import json
import socket
import ssl

import h2.config
import h2.connection
import h2.events
from authjwt_client import Answer
from email.message import Message


class Request:
    def __init__(self, method, path, headers=None, body=b"", trailers=None):
        self.method, self.path, self.headers, self.body, self.trailers = method, path, headers or {}, body, trailers


def bearer(token):
    return {"authorization": "Bearer " + token} if token else {}


class Connection:
    def __init__(self, port, certificate=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        if certificate:
            context = ssl.create_default_context(cafile=certificate)
            context.set_alpn_protocols(["h2"])
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
            assert self.socket.selected_alpn_protocol() == "h2"
        self.scheme = "https" if certificate else "http"
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.flush()
        self.heads, self.bodies, self.ended, self.reset = {}, {}, set(), set()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.close()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def begin(self, request):
        """Send the headers. @return number of the stream"""
        stream = self.h2.get_next_available_stream_id()
        fields = [(":method", request.method), (":path", request.path), (":scheme", self.scheme), (":authority", "localhost")]
        fields += [(name.lower(), value) for name, value in request.headers.items()]
        self.h2.send_headers(stream, fields, end_stream=not request.body and not request.trailers)
        self.flush()
        return stream

    def send_body(self, stream, request):
        body = request.body
        while body:
            size = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size, len(body))
            if not size:
                self.read()
                continue
            self.h2.send_data(stream, body[:size], end_stream=size == len(body) and not request.trailers)
            body = body[size:]
            self.flush()
        if request.trailers:
            self.h2.send_headers(stream, list(request.trailers.items()), end_stream=True)
            self.flush()

    def read(self):
        data = self.socket.recv(65536)
        assert data, "the connection was closed"
        for event in self.h2.receive_data(data):
            if isinstance(event, h2.events.ResponseReceived):
                self.heads[event.stream_id] = event.headers
            elif isinstance(event, h2.events.DataReceived):
                self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                self.ended.add(event.stream_id)
            elif isinstance(event, h2.events.StreamReset):
                self.ended.add(event.stream_id)
                self.reset.add(event.stream_id)
        self.flush()

    def answer(self, stream):
        while stream not in self.ended:
            self.read()
        headers = Message()
        for name, value in self.heads[stream]:
            headers[name] = value
        return Answer(int(headers[":status"]), headers, self.bodies.get(stream, b""))

    def run(self, requests):
        streams = [self.begin(one) for one in requests]
        for stream, one in zip(streams, requests):
            if stream not in self.ended:
                self.send_body(stream, one)
        return [self.answer(stream) for stream in streams]

    def send(self, method, path, headers=None, body=b"", trailers=None):
        return self.run([Request(method, path, headers, body, trailers)])[0]

    def get(self, path, token=None, headers=None):
        return self.send("GET", path, {**bearer(token), **(headers or {})})

    def post_json(self, path, content, token=None):
        return self.send("POST", path, {"content-type": "application/json", **bearer(token)}, json.dumps(content).encode())

    def open_websocket(self, path, headers):
        """Ask for a WebSocket (RFC 8441), and give it up at once. @return the status; 200 is a yes"""
        self.h2.config.validate_outbound_headers = False     # it knows no :protocol
        stream = self.h2.get_next_available_stream_id()
        fields = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", self.scheme), (":path", path), (":authority", "localhost"),
                  ("sec-websocket-version", "13"), *headers.items()]
        self.h2.send_headers(stream, fields)
        self.flush()
        while stream not in self.heads:
            self.read()
        if stream not in self.ended:
            self.give_up(stream)
        return int(dict(self.heads[stream])[":status"])

    def give_up(self, stream):
        self.h2.reset_stream(stream, 8)                      # CANCEL
        self.flush()
