# SPDX-License-Identifier: Apache-2.0
"""A small application protected by Flask-JWT-Extended, for gunicorn. BENCH_SECRET names the file with the secret."""
import os

from flask import Flask, jsonify, request
from flask_jwt_extended import JWTManager, create_access_token, get_jwt_identity, jwt_required

from bench_tokens import AUDIENCE, ISSUER

app = Flask(__name__)
with open(os.environ["BENCH_SECRET"], encoding="ascii") as secret:
    app.config["JWT_SECRET_KEY"] = secret.read()
app.config.update(JWT_DECODE_ISSUER=ISSUER, JWT_ENCODE_ISSUER=ISSUER, JWT_DECODE_AUDIENCE=AUDIENCE, JWT_ENCODE_AUDIENCE=AUDIENCE)
JWTManager(app)


@app.get("/open")
def anybody():
    return jsonify(user="nobody")


@app.get("/protected")
@jwt_required()
def somebody():
    return jsonify(user=get_jwt_identity())


@app.post("/login")
def login():
    sent = request.get_json()
    if (sent.get("username"), sent.get("password")) != ("alice", "secret123"):
        return jsonify(msg="Bad username or password"), 401
    return jsonify(access_token=create_access_token(identity=sent["username"]))
