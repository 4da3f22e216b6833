# SPDX-License-Identifier: Apache-2.0
"""What must never appear in a log: every token, password and key that a test made or received."""
import base64
import re

# What begins the signature of a token. There are thousands after a long run, so they are sought in one pass over a log.
SIGNATURE = 24
_secrets, _signatures = set(), set()
_long_word = re.compile(r"[A-Za-z0-9_-]{%d,}" % SIGNATURE)
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
    segments = token.split(".")
    begin = segments[2][:SIGNATURE] if len(segments) >= 3 else ""
    if _long_word.fullmatch(begin):         # in every log that holds the token
        _signatures.add(begin)
    elif len(token) >= SIGNATURE:
        _secrets.add(token)
    return token


def register_answer(text):
    """Every token in the JSON body of an answer."""
    for token in _response_parts.findall(text):
        register_token(token)


def _is_segment(word):
    """Whether this decodes to text, as the header or the payload of a token does. What is random has these letters often enough: a
    session's id, a thumbprint."""
    try:
        return base64.urlsafe_b64decode(word[:20].ljust(20, "=")).decode("utf-8", "strict").isprintable()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"


def find_leaks(text, token_shaped=True):
    """Sentences about each secret found in a log. token_shaped: also report whatever looks like a token's segment."""
    found = []
    words = set(_long_word.findall(text))
    begins = {word[i:i + SIGNATURE] for word in words for i in range(len(word) - SIGNATURE + 1)}
    for secret in _secrets | (_signatures & begins):
        if secret in text:
            line = next((one for one in text.split("\n") if secret[:40] in one), "")
            found.append("the log holds a token, password or key: %r" % line[:200])
    if token_shaped:
        found += ["the log holds what looks like a token: %s" % hit.group(0)[:20] for hit in _token_like.finditer(text)
                  if _is_segment(hit.group(0))]
    return found
