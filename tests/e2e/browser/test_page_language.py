# SPDX-License-Identifier: Apache-2.0
"""The sentences of the built-in pages: by language, by file of the administrator's, and as text whatever is in them."""
import json
import pathlib
import re

import pytest
from authjwt_env import GRANTS, USERS, Known, endpoint, location, protected
from authjwt_html import Page, assert_good_page, assert_inert
from authjwt_visitor import WEB, Visitor, signed_in

TOP = pathlib.Path(__file__).resolve().parents[3]
SHIPPED = {lang: json.loads((TOP / "conf/login" / (lang + ".json")).read_text()) for lang in ("en", "de")}
CONTRACT = ["title", "user", "password", "remember", "submit", "failed", "throttled", "unavailable", "signed_out", "signed_in_as", "logout",
            "logout_question", "denied", "insecure"]
EVIL = "<script>alert(1)</script>'\"&amp;</p>"
FILES = {
    "fr.json": json.dumps({"title": "Connexion", "failed": "Nom ou mot de passe incorrect."}),
    "evil.json": json.dumps({name: "%s %s" % (name, EVIL) for name in SHIPPED["en"]}),
    "inner.json": "\ufeff" + json.dumps({"title": "Bonjour", "submit": "Entrer"}),
    "de.json": json.dumps({"title": "Willkommen"}), "at.json": json.dumps({"submit": "Servus"}), "hk.json": json.dumps({"submit": "HK"}),
    "hant.json": json.dumps({"title": "Hant"}), "gb.json": json.dumps({"title": "Log in"}),
}
CONFIG = WEB.replace("AuthJWTCookies on\n", "AuthJWTCookies on\nAuthJWTLoginThrottle 1000 60s\nLimitRequestFieldSize 20000\n") + (
    "AuthJWTLoginPageText fr @dir@/fr.json\n"
    + endpoint("/inner/login", "login", "AuthJWTLoginPageText fr @dir@/inner.json", "AuthJWTLoginPageText de @dir@/de.json", USERS)
    + endpoint("/regions/login", "login", "AuthJWTLoginPageText de-AT @dir@/at.json", "AuthJWTLoginPageText zh-Hant-HK @dir@/hk.json",
               "AuthJWTLoginPageText zh-Hant @dir@/hant.json", "AuthJWTLoginPageText en-GB @dir@/gb.json", USERS)
    + endpoint("/evil/login", "login", "AuthJWTLoginPageText en @dir@/evil.json", USERS, GRANTS)
    + endpoint("/evil/logout", "logout", "AuthJWTLoginPageText en @dir@/evil.json")
    + location("/evil", "AuthJWTLoginPageText en @dir@/evil.json")
    + protected("/evil/denied", "Require jwt-role nobody"))


def page_of(server, accepted, path="/login", lang="en"):
    return assert_good_page(Visitor(server).navigate(path, headers={"Accept-Language": accepted} if accepted is not None else {}), lang)


def test_the_shipped_languages_have_the_same_sentences_with_the_same_placeholders():
    assert set(CONTRACT) <= set(SHIPPED["en"])
    for sentences in SHIPPED.values():
        assert list(sentences) == list(SHIPPED["en"])
        for name, text in sentences.items():
            assert text.strip() == text and re.findall(r"\{\{.*?\}\}", text) == re.findall(r"\{\{.*?\}\}", SHIPPED["en"][name])
    assert not [name for name in SHIPPED["en"] if SHIPPED["de"][name] == SHIPPED["en"][name]]


@pytest.mark.parametrize("accepted,lang", [
    (None, "en"), ("", "en"), ("de", "de"), ("DE", "de"), ("de-AT", "de"), ("de-AT-1996, en;q=0.5", "de"), ("en-GB,en;q=0.9,de;q=0.8", "en"),
    ("en;q=0.1,de;q=0.2", "de"), ("en;q=0.2,de;q=0.1", "en"), ("de;q=0.001", "de"), ("de;q=0", "en"), ("de;q=0.000,en;q=0", "en"),
    ("*", "en"), ("*;q=0.5,de;q=0.1", "en"), ("de,*;q=0.5", "de"), ("en;q=0,*", "de"), ("es,*", "en"), ("es, de;q=0.3", "de"),
    ("de-AT;q=0,de", "de"), ("de;q=0,de-AT", "en"), ("fr-CA, de;q=0.9", "fr"), ("fr;q=0.5, de ; q=0.9", "de"), (" ,, de", "de"),
    ("de;q=1.000", "de"), ("de;q=1.1, en;q=0.5", "en"), ("de;q=2", "en"), ("de;q=-1", "en"), ("de;q=", "en"), ("de;q=0.5x", "en"),
    ("de;level=1", "en"), ("d\u00e9", "en"), ("de_AT", "en"), ("deutsch", "en"), ("d", "en"), (";;;q=q,=,*;", "en"), ("d" * 10000, "en"),
    (",".join("x%d" % i for i in range(1500)), "en"), ("de," + "a;q=0.1," * 1200, "de"), ("-", "en"), ("de-", "de"), ("\"de\"", "en")])
def test_the_language_is_the_one_that_is_liked_best(server, accepted, lang):
    page = page_of(server, accepted, lang=lang)
    assert {"en": "Sign in", "de": "Anmelden", "fr": "Connexion"}[lang] in page.text


@pytest.mark.parametrize("accepted,lang,title,button", [
    ("de-AT", "de-AT", "Anmelden", "Servus"), ("DE-at, de;q=0.9, en;q=0.8", "de-AT", "Anmelden", "Servus"),
    ("de-AT-1996", "de-AT", "Anmelden", "Servus"),
    ("de", "de", "Anmelden", "Anmelden"), ("de-CH", "de", "Anmelden", "Anmelden"), ("de, de-AT", "de", "Anmelden", "Anmelden"),
    ("de;q=0.9, de-AT;q=0.8", "de", "Anmelden", "Anmelden"), ("en-GB,en-US;q=0.9", "en-GB", "Log in", "Sign in"), ("en", "en", "Sign in", "Sign in"),
    ("en-US", "en", "Sign in", "Sign in"), ("zh-Hant-HK", "zh-Hant-HK", "Hant", "HK"), ("zh-Hant-TW", "zh-Hant", "Hant", "Sign in"),
    ("*", "en", "Sign in", "Sign in")])
def test_a_language_of_a_region_is_served_and_says_the_rest_as_its_language_does(server, accepted, lang, title, button):
    page = page_of(server, accepted, "/regions/login", lang)
    assert page.title == title and button in [one.strip() for one in page.text.splitlines()], page.text
    if lang.startswith(("de", "en")):
        assert not page.all("span")


def test_a_page_in_german_is_german_throughout(server):
    headers = {"Accept-Language": "de"}
    for user, text in (("ann", SHIPPED["de"]["failed"]), ("", SHIPPED["de"]["missing"])):
        answer = Visitor(server).submit("/login", {"username": user, "password": Known.wrong_password} if user else {}, headers=headers)
        page = assert_good_page(answer, "de")
        words = [one.strip() for one in page.text.splitlines() if one.strip()]
        assert words == ["Anmelden", text, "Benutzername", "Passwort", "Anmelden"] and not page.all("span")


def test_what_a_file_does_not_say_is_english_and_marked_so(server):
    page = page_of(server, "fr", lang="fr")
    assert "Connexion" in page.text and "Password" in page.text and page.title == "Connexion"
    assert {one["lang"] for one in page.all("span")} == {"en"} and len(page.all("span")) == 3     # both fields and the button
    answer = Visitor(server).submit("/login", {"username": "ann", "password": Known.wrong_password}, headers={"Accept-Language": "fr"})
    assert "Nom ou mot de passe incorrect." in assert_good_page(answer, "fr").text


def test_inner_files_add_to_outer_ones_and_to_what_is_built_in(server):
    answer = Visitor(server).submit("/inner/login", {"username": "ann", "password": Known.wrong_password}, headers={"Accept-Language": "fr"})
    page = assert_good_page(answer, "fr")
    assert "Bonjour" in page.text and "Entrer" in page.text and "Nom ou mot de passe incorrect." in page.text and "Connexion" not in page.text
    page = page_of(server, "de", "/inner/login", "de")
    assert "Willkommen" in page.text and "Benutzername" in page.text and not page.all("span")


def test_sentences_are_text_whatever_is_in_them(server):
    seen = ""
    for answer in (Visitor(server).navigate("/evil/login"), Visitor(server).submit("/evil/login", {"username": EVIL, "password": "x"}),
                   Visitor(server).submit("/evil/login"), signed_in(server).navigate("/evil/denied"), signed_in(server).navigate("/evil/logout"),
                   Visitor(server).navigate("/evil/login?fresh=1"), Visitor(server).navigate("/evil/login?signed_out"),
                   Visitor(server).navigate("/evil/login?unsaved=1")):
        page = assert_good_page(answer)
        assert_inert(page)
        assert EVIL in page.title
        seen += page.text
    for name in ("user", "password", "submit", "failed", "missing", "denied", "signed_in_as", "logout", "logout_question", "fresh", "signed_out",
                 "lost", "back"):
        assert "%s %s" % (name, EVIL) in seen, name


def test_the_name_in_signed_in_as_is_text(new_server):
    name = "o'neil <b>&\"x\" {{user}}"
    server = new_server(WEB + protected("/denied", "Require jwt-role nobody") + 'AuthJWTLoginPageText en @dir@/en.json\n')
    server.write("en.json", json.dumps({"signed_in_as": "{{user}} is here"}))
    server.write("users", Known.users() + Known.users().splitlines()[0].replace("ann:", name + ":") + "\n")
    server.start()
    Known.passwords[name] = Known.passwords["ann"]
    try:
        visitor = signed_in(server, name)
    finally:
        del Known.passwords[name]
    for path in ("/denied", "/logout"):
        page = assert_good_page(visitor.navigate(path))
        assert_inert(page)
        assert name + " is here" in page.text


@pytest.mark.parametrize("line,content,said", [
    ("de @dir@/t.json", '{"titel": "x"}', r'there is no sentence "titel"; there are title user '),
    ("de @dir@/t.json", '{"title": 1}', r'"title" must be a string that is not empty'),
    ("de @dir@/t.json", '{"title": null}', r'"title" must be a string'), ("de @dir@/t.json", '{"title": ""}', r'"title" must be a string'),
    ("de @dir@/t.json", '{"title": ["x"]}', r'"title" must be a string'), ("de @dir@/t.json", '["title"]', r"must be one JSON object in UTF-8: not an object"),
    ("de @dir@/t.json", '{"title": "x"', r"must be one JSON object in UTF-8"), ("de @dir@/t.json", "", r"must be one JSON object in UTF-8"),
    ("de @dir@/t.json", b'{"title": "\xfc"}', r"must be one JSON object in UTF-8"), ("de @dir@/t.json", '{"title": "x\\u0000"}', r"must be one JSON"),
    ("de @dir@/t.json", '{"title": "x", "title": "y"}', r"must be one JSON object"), ("de @dir@/t.json", "{}" + " " * 65536, r"more than 65536 bytes"),
    ("de @dir@/absent.json", "{}", r"absent.json is no file"), ("de @dir@/htdocs", "{}", r"is no file"), ("deutsch9 @dir@/t.json", "{}", None),
    ("d @dir@/t.json", "{}", r'"d" is no tag of a language'), ("de_AT @dir@/t.json", "{}", r"is no tag"), ("de- @dir@/t.json", "{}", r"is no tag"),
    ("../x @dir@/t.json", "{}", r"is no tag"), ("abcdefghi @dir@/t.json", "{}", r"is no tag"), ("de", "{}", r"takes two arguments"),
    ("pt-BR @dir@/t.json", '{"title": "Entrar"}', None), ("zh-Hant-TW @dir@/t.json", "{}", None)])
def test_a_file_that_cannot_be_meant_stops_the_start(new_server, line, content, said):
    server = new_server(WEB + "AuthJWTLoginPageText %s\n" % line)
    server.write("t.json", content)
    status, text = server.configtest()
    if line.startswith("deutsch9"):
        said = r"is no tag"
    assert (status != 0) == bool(said) and re.search("AuthJWTLoginPageText.*" + said if said else "Syntax OK", text), text


def test_an_htaccess_may_change_none_of_it(new_server, expect_log):
    for line in ("AuthJWTLoginPageText de @dir@/t.json", "AuthJWTLoginPageStyle @dir@/t.json", "AuthJWTLoginPageLogo @dir@/t.json"):
        server = new_server(WEB + "<Directory @dir@/htdocs>\nAllowOverride All\n</Directory>\n")
        server.write("t.json", "{}")
        server.write("htdocs/.htaccess", line.replace("@dir@", server.dir) + "\n")
        expect_log(line.split()[0] + " not allowed here")
        assert server.start().get("/index.html").status == 500


def test_a_page_of_the_administrators_says_it_in_the_language_too(new_server):
    server = new_server(WEB + endpoint("/own/login", "login", "AuthJWTLoginPage @dir@/own.html", USERS))
    server.write("own.html", '<!DOCTYPE html><p lang="{{lang}}" class="{{code}}">{{message}}</p>')
    answer = Visitor(server.start()).submit("/own/login", {}, headers={"Accept-Language": "de, en;q=0.2"})
    assert Page(answer.text).one("p") == {"lang": "de", "class": "invalid_request"} and SHIPPED["de"]["missing"] in answer.text


def test_the_documentation_has_each_sentence():
    table = re.findall(r"(?m)^\| `(\w+)` \| (.*?) \| ", (TOP / "docs/browsers.md").read_text().partition("## The built-in pages")[2].partition("\n## ")[0])
    assert dict(table) == SHIPPED["en"] and len(table) == len(SHIPPED["en"])
    listed = (TOP / "docs/directives.md").read_text().partition("## AuthJWTLoginPageText")[2].partition("The names are ")[2].partition(".\n")[0]
    assert re.findall(r"`(\w+)`", listed) == list(SHIPPED["en"])
