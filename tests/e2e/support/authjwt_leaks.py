# SPDX-License-Identifier: Apache-2.0
"""What must never appear in a log: every token, password and key that a test made or received."""
import re

_secrets = set()
_token_like = re.compile(r"eyJ[A-Za-z0-9_-]{16,}")
_response_parts = re.compile(r'"(?:access|refresh)_token"\s*:\s*"([^"]+)"')


def register_secret(text):
    """A password or key; short ones would match by chance, so they are refused."""
    assert len(text) >= 8, "a secret this short would be found in any log"
    _secrets.add(text)
    return text


def register_token(token):
    """A token: the whole of it and what identifies it (the beginnings of payload and signature)."""
    if isinstance(token, bytes):
        token = token.decode("latin-1")
    if len(token) >= 24:
        _secrets.add(token)
    segments = token.split(".")
    if len(segments) >= 3 and len(segments[2]) >= 24:
        _secrets.add(segments[2][:24])
    return token


def register_answer(text):
    """Every token in the JSON body of an answer."""
    for token in _response_parts.findall(text):
        register_token(token)


def find_leaks(text, token_shaped=True):
    """Sentences about each secret found in a log. token_shaped: also report whatever looks like a token's segment."""
    found = []
    for secret in _secrets:
        if secret in text:
            line = next((one for one in text.split("\n") if secret[:40] in one), "")
            found.append("the log holds a token, password or key: %r" % line[:200])
    if token_shaped:
        found += ["the log holds what looks like a token: %s" % hit.group(0)[:20] for hit in _token_like.finditer(text)]
    return found
