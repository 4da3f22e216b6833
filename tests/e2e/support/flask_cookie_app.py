# SPDX-License-Identifier: Apache-2.0
"""A Flask-JWT-Extended app with cookies as its documentation writes it. Usage: flask_cookie_app.py PORT, the secret in JWT_SECRET."""
import os
import sys

from flask import Flask, jsonify, request
from flask_jwt_extended import (JWTManager, create_access_token, create_refresh_token, get_jwt_identity, jwt_required,
                                set_access_cookies, set_refresh_cookies, unset_jwt_cookies)

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = os.environ["JWT_SECRET"]
app.config["JWT_TOKEN_LOCATION"] = ["headers", "cookies"]
app.config["JWT_CSRF_CHECK_FORM"] = True
JWTManager(app)


@app.route("/login", methods=["POST"])
def login():
    user = request.json["username"]
    answer = jsonify(message="signed in")
    set_access_cookies(answer, create_access_token(user, fresh=True))
    set_refresh_cookies(answer, create_refresh_token(user))
    return answer


@app.route("/logout", methods=["POST"])
def logout():
    answer = jsonify(message="signed out")
    unset_jwt_cookies(answer)
    return answer


@app.route("/protected", methods=["GET", "POST"])
@jwt_required()
def protected():
    return jsonify(user=get_jwt_identity())


@app.route("/refresh", methods=["POST"])
@jwt_required(refresh=True)
def refresh():
    answer = jsonify(user=get_jwt_identity())
    set_access_cookies(answer, create_access_token(get_jwt_identity()))
    return answer


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]))
