# SPDX-License-Identifier: Apache-2.0
"""What a page of ours must be: well-formed HTML5 with labels, and nothing that runs."""
import re
from html.parser import HTMLParser

VOID = {"meta", "input", "link", "br", "hr", "img"}


class Page(HTMLParser):
    """A parsed page. elements: (tag, attributes) in order; text: what a person reads."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.text, self.title, self._open = [], "", "", []
        assert text.startswith("<!DOCTYPE html>"), text[:40]
        self.feed(text)
        self.close()
        assert not self._open, "left open: %s" % self._open

    def handle_starttag(self, tag, attributes):
        assert len(dict(attributes)) == len(attributes), "an attribute twice in <%s>" % tag
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open and self._open[-1] == tag, "</%s> closes %s" % (tag, self._open)
        self._open.pop()

    def handle_data(self, data):
        if self._open and self._open[-1] == "title":
            self.title += data
        elif not self._open or self._open[-1] != "style":
            self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def one(self, tag, **wanted):
        found = [one for one in self.all(tag) if all(one.get(name) == value for name, value in wanted.items())]
        assert len(found) == 1, "%d times <%s %s>" % (len(found), tag, wanted)
        return found[0]

    def value(self, name):
        """Value of a form's field."""
        return self.one("input", name=name).get("value", "")


def assert_inert(page):
    """Nothing in the page can run or load, but for an image that is within it."""
    for tag, attributes in page.elements:
        assert tag not in ("script", "iframe", "object", "embed", "base", "link", "svg"), tag
        assert tag != "img" or attributes["src"].startswith(("data:image/svg+xml;base64,", "data:image/png;base64,"))
        for name, value in attributes.items():
            assert not name.startswith("on") and name != "style", (tag, name)
            assert "javascript:" not in (value or "").lower() or name == "value", (tag, name, value)


def assert_good_page(answer, lang="en"):
    """Headers and structure of every page that is built in. Returns it parsed."""
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("X-Content-Type-Options") == "nosniff"
    page = Page(answer.text)
    assert_inert(page)
    assert page.one("html")["lang"] == lang and page.title and page.one("meta", charset="utf-8")
    assert answer.headers.get_all("Content-Language") == [lang]
    assert "Accept-Language" in re.split(r",\s*", ", ".join(answer.headers.get_all("Vary")))
    assert len(page.all("main")) == len(page.all("h1")) == 1
    assert "width=device-width" in page.one("meta", name="viewport")["content"]
    policy = dict(one.strip().split(" ", 1) for one in answer.header("Content-Security-Policy").split(";"))
    assert policy["default-src"] == policy["base-uri"] == "'none'"
    assert policy["frame-ancestors"] == "'self'" and "form-action" not in policy   # browsers ask it of redirects too
    assert policy["style-src"] == "'nonce-%s'" % page.one("style")["nonce"] and len(page.one("style")["nonce"]) >= 22
    assert ("img-src" in policy) == bool(page.all("img")) and policy.get("img-src", "data:") == "data:"
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    labels = [one["for"] for one in page.all("label")]
    for field in page.all("input"):
        assert field.get("type") == "hidden" or labels.count(field["id"]) == 1, field
    return page
