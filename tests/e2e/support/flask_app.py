# SPDX-License-Identifier: Apache-2.0
"""A Flask-JWT-Extended app as its documentation and tutorials write it. Usage: flask_app.py PORT, the secret in JWT_SECRET."""
import os
import sys
from datetime import timedelta

from flask import Flask, jsonify, request
from flask_jwt_extended import (JWTManager, create_access_token, create_refresh_token, get_jwt, get_jwt_identity,
                                jwt_required)

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = os.environ["JWT_SECRET"]
app.config["JWT_REFRESH_TOKEN_EXPIRES"] = timedelta(days=30)
jwt = JWTManager(app)
roles = {"ann": "admin", "bob": "user"}
revoked = set()


@jwt.token_in_blocklist_loader
def is_revoked(_header, payload):
    return payload["jti"] in revoked


@app.route("/login", methods=["POST"])
def login():
    user = request.json["username"]
    return jsonify(access_token=create_access_token(user, fresh=True, additional_claims={"role": roles[user]}),
                   refresh_token=create_refresh_token(user))


@app.route("/plain", methods=["POST"])
def plain():
    return jsonify(access_token=create_access_token(request.json["username"]))


@app.route("/fresh-for", methods=["POST"])
def fresh_for():
    return jsonify(access_token=create_access_token(request.json["username"], fresh=timedelta(seconds=request.json["seconds"])))


@app.route("/protected")
@jwt_required()
def protected():
    return jsonify(user=get_jwt_identity(), role=get_jwt().get("role", "user"), claims=get_jwt())


@app.route("/fresh")
@jwt_required(fresh=True)
def fresh():
    return jsonify(user=get_jwt_identity())


@app.route("/refresh", methods=["POST"])
@jwt_required(refresh=True)
def refresh():
    user = get_jwt_identity()
    return jsonify(access_token=create_access_token(user, additional_claims={"role": roles.get(user, "user")}))


@app.route("/logout", methods=["POST"])
@jwt_required()
def logout():
    revoked.add(get_jwt()["jti"])
    return jsonify(message="Successfully logged out")


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]))
