# SPDX-License-Identifier: Apache-2.0
"""Logo, style and name of the site on the built-in pages, and what may be none."""
import base64
import re
import struct
import zlib

import pytest
from authjwt_env import USERS, Known, endpoint, location, protected
from authjwt_html import assert_good_page, assert_inert
from authjwt_visitor import WEB, Visitor, signed_in

SVG = """<?xml version="1.0" encoding="UTF-8"?>
<!-- a circle -->
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 10 10">
<title>on = off</title><style>circle{fill:url(#g)}</style><defs><linearGradient id="g"><stop stop-color="#07c"/></linearGradient></defs>
<circle cx="5" cy="5" r="5"/><use href="#a" xlink:href='#a'/><image href="data:image/png;base64,AAAA"/></svg>
"""


def png(size=1):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(b"\0abc"))
            + chunk(b"tEXt", b"x" * size) + chunk(b"IEND", b""))


CSS = "h1 > .site { color: rebeccapurple } /* </sty le> < ' \" & */\n"
CONFIG = WEB + (
    "AuthJWTLoginPageLogo @dir@/logo.svg\nAuthJWTLoginPageStyle @dir@/own.css\n"
    + "".join(location(path, 'AuthName "The \\"Old\\" Shop & <Sons>"') for path in ("/login", "/logout"))
    + endpoint("/png/login", "login", "AuthJWTLoginPageLogo @dir@/logo.png", USERS)
    + protected("/denied", "Require jwt-role nobody"))
FILES = {"logo.svg": SVG, "logo.png": png(), "own.css": "\ufeff" + CSS}


def test_logo_style_and_name_are_on_every_page(server):
    ann = signed_in(server)
    for answer in (Visitor(server).navigate("/login"), ann.navigate("/logout"),
                   Visitor(server).submit("/login", {"username": "ann", "password": Known.wrong_password})):
        page = assert_good_page(answer)
        assert base64.b64decode(page.one("img")["src"].removeprefix("data:image/svg+xml;base64,")).decode() == SVG
        assert page.one("img")["alt"] == "" and "img-src data:" in answer.header("Content-Security-Policy")
        assert "}" + CSS + "</style>" in answer.text
        assert page.title.endswith('The "Old" Shop & <Sons>') and 'The "Old" Shop & <Sons>' in page.text
    page = assert_good_page(ann.navigate("/denied"))
    assert page.one("img") and page.title.endswith("members") and CSS in ann.navigate("/denied").text


def test_a_png_without_a_name_of_the_site_has_the_host_as_its_name(server):
    page = assert_good_page(Visitor(server).navigate("/png/login"))
    assert base64.b64decode(page.one("img")["src"].removeprefix("data:image/png;base64,")) == png() and page.title == "Sign in"
    assert page.one("img")["alt"] == "localhost"


def test_a_page_without_a_logo_lets_no_image_in(new_server):
    server = new_server(WEB).start()
    answer = Visitor(server).navigate("/login")
    assert "img-src" not in answer.header("Content-Security-Policy") and not assert_good_page(answer).all("img")
    assert_inert(assert_good_page(answer))


def inside(text):
    return SVG.replace("<circle", text + "<circle", 1)


REFUSED = [
    (inside("<script>alert(1)</script>"), "a script"), (inside("<SCRIPT href='#a'/>"), "a script"), (inside("<svg:script/>"), "a script"),
    (inside("<script\n>1</script\n>"), "a script"), (inside("<g onload='alert(1)'/>"), "on...="), (inside('<g x="1"ONCLICK = "1"/>'), "on...="),
    (inside("<g\nonbegin\n=\n'1'/>"), "on...="), (inside("<g/onload='1'/>"), "on...="), (inside("<foreignObject/>"), "foreignObject"),
    (inside("<x:ForeignObject />"), "foreignObject"), (inside("<iframe/>"), "foreignObject or its like"),
    (inside("<image href='https://x.example/a.png'/>"), "an address outside"), (inside("<image xlink:href=\"//x.example/a\"/>"), "an address outside"),
    (inside("<use href = ' other.svg#a'/>"), "an address outside"), (inside("<a href='javascript:alert(1)'/>"), "an address outside"),
    (inside("<image href='&#104;ttps://x'/>"), "an address outside"), (inside("<image href='data:image/svg+xml,x'/>"), "an address outside"),
    (inside("<image href='data:text/html,x'/>"), "an address outside"), (inside("<g xml:base='https://x/'/>"), "an address outside"),
    (inside("<g fill='url(https://x/#a)'/>"), "url"), (inside("<g style=\"fill:URL( 'x.svg#a')\"/>"), "url"),
    (inside("<style>@import 'x.css';</style>"), "@import"), (inside("<animate attributeName='xlink:href' to='#b'/>"), "an animation of an address"),
    (SVG.replace("<!-- a circle -->", '<!DOCTYPE svg PUBLIC "x" "http://x">'), "DOCTYPE"), ("<!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>", "DOCTYPE"),
    (SVG.replace("<!-- a circle -->", "<?xml-stylesheet href='#x'?>"), "a style sheet"), ("<html></html>", "neither a PNG nor an SVG"),
    ("", "neither a PNG nor an SVG"), ("GIF89a", "neither a PNG"), (SVG.encode("utf-16"), "neither a PNG"), (SVG + "\0", "neither a PNG"),
    (b"<svg>\xff</svg>", "neither a PNG"), (b"\x89PNG\r\n\x1a\n", "neither a PNG"), (b"\x89PNG\r\n\x1a\n" + b"x" * 60, "neither a PNG"),
    (png(65537), "more than 65536 bytes"), ("<svg>" + " " * 65536 + "</svg>", "more than 65536 bytes")]


@pytest.mark.parametrize("content,said", REFUSED, ids=lambda value: value if isinstance(value, str) and len(value) < 40 else None)
def test_what_is_no_harmless_image_stops_the_start(new_server, content, said):
    server = new_server(WEB + "AuthJWTLoginPageLogo @dir@/logo\n")
    server.write("logo", content)
    status, text = server.configtest()
    assert status and re.search(r"AuthJWTLoginPageLogo: .*" + re.escape(said), text), text


@pytest.mark.parametrize("content", [SVG, "\ufeff" + SVG, "<svg/>", png(), png(65000), "<svg><text>says a script, on=1 and url</text></svg>",
                                     "<svg>" + " " * (65536 - 11) + "</svg>"])
def test_what_is_one_does_not(new_server, content):
    server = new_server(WEB + "AuthJWTLoginPageLogo logo\n")
    server.write("logo", content)
    status, text = server.configtest()
    assert not status, text


@pytest.mark.parametrize("content,said", [
    ("p{}</style><script>", "holds </style"), ("</STYLE >", "holds </style"), ("<</StYlE", "holds </style"), ("a" * 65537, "more than 65536 bytes"),
    (b"p{content:'\xff'}", "is not UTF-8"), ("p{}\0</style>", "is not UTF-8"), ("</styl e>", None), ("< /style>", None), ("", None), ("a" * 65536, None)])
def test_a_style_cannot_end_itself(new_server, content, said):
    server = new_server(WEB + "AuthJWTLoginPageStyle @dir@/own.css\n")
    server.write("own.css", content)
    status, text = server.configtest()
    assert (status != 0) == bool(said) and re.search("AuthJWTLoginPageStyle: .*" + said if said else "Syntax OK", text), text


@pytest.mark.parametrize("line", ["AuthJWTLoginPageStyle @dir@/absent", "AuthJWTLoginPageLogo @dir@/htdocs"])
def test_a_file_that_is_not_there_stops_the_start(new_server, line):
    status, text = new_server(WEB + line + "\n").configtest()
    assert status and re.search(line.split()[0] + r": \S+ is no file", text), text


def test_the_files_are_read_by_who_starts_httpd(new_server):
    server = new_server(WEB + "AuthJWTLoginPageLogo @dir@/logo.svg\nAuthJWTLoginPageStyle @dir@/own.css\n")
    server.write("logo.svg", SVG, 0o600)
    server.write("own.css", CSS, 0o600)
    assert assert_good_page(Visitor(server.start()).navigate("/login")).one("img")
