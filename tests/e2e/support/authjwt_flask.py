# SPDX-License-Identifier: Apache-2.0
"""A Flask-JWT-Extended application with the secret of the tests."""
import pathlib
import sys

import authjwt_client as client
from authjwt_env import Known
from authjwt_service import Service, free_port


class FlaskApp(Service):
    def __init__(self, name):
        """name: its file beside this one"""
        super().__init__()
        self.port = free_port()
        self.run([sys.executable, "-B", str(pathlib.Path(__file__).parent / name), str(self.port)], ("127.0.0.1", self.port),
                 env={"JWT_SECRET": Known.secret})

    def request(self, method, path, **more):
        return client.send(self.port, method, path, **more)

    def get(self, path, token=None):
        return self.request("GET", path, token=token)

    def post(self, path, token=None, **more):
        return self.request("POST", path, token=token, **more)
