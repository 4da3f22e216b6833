# SPDX-License-Identifier: Apache-2.0
"""Requests within requests: listings, negotiation, actions, local redirects of scripts, includes with sections of their own."""
import base64

import pytest
from authjwt_client import assert_error
from authjwt_env import DEFAULT, ENV_CGI, Known, location, protected
from authjwt_rules import token_of
from authjwt_tokens import tamper
from authjwt_visitor import NAVIGATION

CONFIG = DEFAULT + """
<Directory ~ "@dir@/htdocs/(open-)?list">
    Options +Indexes
    IndexOptions FancyIndexing
</Directory>
<Directory @dir@/htdocs/neg>
    Options +MultiViews
    AddLanguage en .en
    AddLanguage de .de
</Directory>
<Directory @dir@/htdocs/inc>
    Options +Includes +ExecCGI
    AddOutputFilter INCLUDES .shtml
    AddHandler cgi-script .cgi
</Directory>
<Directory @dir@/htdocs/index>
    DirectoryIndex index.cgi
    Options +ExecCGI
    AddHandler cgi-script .cgi
    <Files index.cgi>
        AuthJWTExportClaims role
        AuthJWTRequestHeader X-Role role
    </Files>
</Directory>
<Directory @dir@/htdocs/front>
    FallbackResource /front/front.cgi
    Options +ExecCGI
    AddHandler cgi-script .cgi
</Directory>
Action by-script /cgi/action virtual
ScriptAliasMatch ^/redirecting/(.*)$ @dir@/cgi-bin/redirect.sh
""" + (protected("/open-list/secret", "Require jwt-role admin", "AuthJWTTokenLocation header")
       + protected("/cookie", "Require valid-user", "AuthJWTTokenLocation cookie")
       + location("/cgi/basic", "AuthType Basic", 'AuthName "basic"', "AuthUserFile @dir@/users", "Require valid-user")
       + "<Directory @dir@/htdocs/cookie>\n    Options +Includes\n    AddOutputFilter INCLUDES .shtml\n</Directory>\n"
       + protected("/list") + protected("/list/secret", "Require jwt-role admin") + protected("/neg") + protected("/neg/page.html.de", "Require jwt-role admin")
       + protected("/inc", "Require valid-user", "AuthJWTRequestHeader X-User sub") + protected("/inc/admins", "Require jwt-role admin")
       + protected("/inc/inner", "Require valid-user", "AuthJWTExportClaims none", "AuthJWTRequestHeader X-Role role")
       + protected("/index", "Require valid-user", "AuthJWTRequestHeader X-User sub") + protected("/front", "Require valid-user", "AuthJWTRequestHeader X-User sub")
       + protected("/acted") + location("/acted", "SetHandler by-script") + protected("/redirecting")
       + location("/home", "AuthType JWT", 'AuthName "members"')
       + '<LocationMatch "^/home/(?<OWNER>[^/]+)/">\n    Require jwt-claim sub "%{env:MATCH_OWNER}"\n</LocationMatch>\n'
       + "<Directory @dir@/htdocs/home>\n    Options +Includes\n    AddOutputFilter INCLUDES .shtml\n</Directory>\n")
FILES = {"htdocs/open-list/a.txt": "a", "htdocs/open-list/secret/b.txt": "b", "htdocs/cookie/page.shtml": '<!--#include virtual="/cgi/basic" -->',
         "htdocs/list/a.txt": "a", "htdocs/list/secret/b.txt": "b", "htdocs/neg/page.html.en": "English", "htdocs/neg/page.html.de": "Deutsch",
         "htdocs/inc/page.shtml": '[<!--#include virtual="/inc/env.cgi" -->][<!--#include virtual="/inc/admins/part.html" -->]'
                                  '[<!--#include virtual="/inc/inner/env.cgi" -->]end',
         "htdocs/inc/asks.shtml": '<!--#echo var="REMOTE_USER" -->, <!--#echo var="JWT_CLAIM_ROLE" -->, <!--#exec cmd="echo $REMOTE_USER $JWT_CLAIM_SUB" -->,'
                                  '<!--#if expr="\'admin\' in jwt(\'role\')" --> is an admin<!--#else --> is none<!--#endif -->',
         "htdocs/inc/env.cgi": ENV_CGI, "htdocs/inc/inner/env.cgi": ENV_CGI, "htdocs/inc/admins/part.html": "for admins", "htdocs/index/index.cgi": ENV_CGI,
         "htdocs/front/front.cgi": ENV_CGI, "cgi-bin/redirect.sh": "#!/bin/sh\nprintf 'Location: /cgi/target\\r\\n\\r\\n'\n",
         "htdocs/home/ann/own.shtml": 'ann <!--#include virtual="/home/ann/part.txt" --> <!--#include virtual="/home/bob/part.txt" -->',
         "htdocs/home/ann/part.txt": "of ann", "htdocs/home/bob/part.txt": "of bob"}
OPTIONS = {"modules": ("autoindex", "negotiation", "actions")}
FORGED = {"X-User": "root", "X_User": "root", "x-role": "root", "X_Role": "root"}
SSI_REFUSED = r"AH0145\d|AH01374|unable to include"


@pytest.fixture
def ann():
    return token_of("ann", role=["admin", "staff"])


@pytest.fixture
def bob():
    return token_of("bob", role="staff")


def test_a_listing_is_for_members_and_leaves_out_what_they_may_not_see(server, ann, bob):
    for bad in (None, tamper(ann)):
        assert server.get("/list/", bad, headers=NAVIGATION).status == 401
    listing = server.get("/list/", ann)
    assert listing.status == 200 and "a.txt" in listing.text and "secret" in listing.text and listing.header("Cache-Control") == "private"
    listing = server.get("/list/", bob)
    assert listing.status == 200 and "a.txt" in listing.text and "secret" not in listing.text and listing.header("WWW-Authenticate") is None
    assert server.get("/list/secret/", bob).status == 403


def test_a_public_listing_with_what_only_some_may_see_is_kept_for_no_one_else(server, ann):
    for token, sees in ((None, False), (ann, True)):
        listing = server.get("/open-list/", token)
        assert listing.status == 200 and "a.txt" in listing.text and ("secret" in listing.text) == sees
        assert (listing.header("Cache-Control"), listing.header("Vary")) == ("private", "Authorization")
    plain = server.get("/ok.txt", ann)
    assert plain.header("Cache-Control") is None and plain.header("Vary") is None


def test_a_part_with_a_user_of_another_kind_has_not_the_claims_of_the_page(server, ann):
    for user in ("bob", "ann"):
        basic = base64.b64encode(("%s:%s" % (user, Known.passwords[user])).encode()).decode()
        env = server.get("/cookie/page.shtml", cookies={"access_token_cookie": ann}, headers={"Authorization": "Basic " + basic}).env()
        assert env["REMOTE_USER"] == user and env["AUTH_TYPE"] == "Basic" and not [name for name in env if name.startswith("JWT_CLAIM_")]


def test_of_several_languages_only_those_are_offered_that_the_user_may_see(server, ann, bob):
    assert_error(server.get("/neg/page.html"), "token_missing")
    german = {"Accept-Language": "de, en;q=0.1"}
    assert server.get("/neg/page.html", ann, headers=german).text == "Deutsch"
    answer = server.get("/neg/page.html", bob, headers=german)
    assert "Deutsch" not in answer.text and answer.status in (200, 403)


def test_each_part_of_a_page_obeys_its_own_section(server, ann, bob, expect_log):
    expect_log(SSI_REFUSED)
    text = server.get("/inc/page.shtml", bob, headers=FORGED).text
    own, admins, inner = text.split("][")
    assert "REMOTE_USER=bob\0" in own and "JWT_CLAIM_SUB=bob\0" in own and "HTTP_X_USER=bob\0" in own
    assert "for admins" not in admins
    assert "REMOTE_USER=bob\0" in inner and "JWT_CLAIM" not in inner and "HTTP_X_ROLE=staff\0" in inner
    assert "HTTP_X_USER=root" not in text and "HTTP_X_ROLE=root" not in inner and text.endswith("end")
    assert "for admins" in server.get("/inc/page.shtml", ann).text


def test_a_page_asks_who_it_is_for_and_so_do_its_commands(server, ann, bob):
    for token, said in ((ann, "ann, admin,staff, ann ann\n, is an admin"), (bob, "bob, staff, bob bob\n, is none")):
        answer = server.get("/inc/asks.shtml", token)
        assert answer.text == said and answer.header("Cache-Control") == "private"
    assert_error(server.get("/inc/asks.shtml"), "token_missing")


def test_an_index_script_gets_what_its_own_section_says(server, ann):
    env = server.get("/index/", ann, headers=FORGED).env()
    assert env["REMOTE_USER"] == "ann" and env["JWT_CLAIM_ROLE"] == "admin,staff" and "JWT_CLAIM_SUB" not in env
    assert env["HTTP_X_USER"] == "ann" and env["HTTP_X_ROLE"] == "admin,staff"
    assert_error(server.get("/index/", headers=FORGED), "token_missing")


def test_a_front_controller_for_addresses_that_are_no_files(server, ann):
    answer = server.get("/front/some/page?x=y", ann, headers=FORGED)
    env = answer.env()
    assert env["REMOTE_USER"] == "ann" and env["HTTP_X_USER"] == "ann" and env["JWT_CLAIM_SUB"] == "ann" and env["QUERY_STRING"] == "x=y"
    assert answer.header("Cache-Control") == "private" and "Authorization" in answer.header("Vary")
    assert_error(server.get("/front/some/page"), "token_missing")


def test_an_action_script_knows_the_user(server, ann):
    env = server.get("/acted/x", ann).env()
    assert env["REMOTE_USER"] == "ann" and env["JWT_CLAIM_ROLE"] == "admin,staff"
    assert_error(server.get("/acted/x"), "token_missing")
    assert_error(server.get("/acted/x", tamper(ann)), "token_invalid")


def test_where_a_script_redirects_within_the_server_the_user_is_known(server, ann):
    env = server.get("/redirecting/x", ann).env()
    assert env["REMOTE_USER"] == "ann" and env["JWT_CLAIM_SUB"] == "ann"
    answer = server.get("/redirecting/x", ann)
    assert answer.header("Cache-Control") == "private"
    assert_error(server.get("/redirecting/x"), "token_missing")


def test_homes_are_for_their_owners_but_pages_of_one_may_include_what_its_own_rules_allow(server, ann, bob):
    assert server.get("/home/ann/part.txt", ann).text == "of ann"
    assert server.get("/home/bob/part.txt", ann).status == server.get("/home/ann/own.shtml", bob).status == 403
    text = server.get("/home/ann/own.shtml", ann).text
    # httpd asks no rule again for a part under the very same sections; docs/httpd.md says so.
    assert text == "ann of ann of bob"


@pytest.mark.parametrize("path", ["/desk/", "/fallback/any"])
def test_a_refusal_of_what_httpd_looks_up_is_complete(new_server, path):
    server = new_server(DEFAULT + "<Directory @dir@/htdocs/desk>\nDirectoryIndex open.html\n</Directory>\n<Directory @dir@/htdocs/fallback>\n"
                        "FallbackResource /desk/open.html\n</Directory>\nLogFormat \"%{jwt-error}n\" notes\nCustomLog @dir@/notes.log notes\n"
                        + protected("/desk/open.html", "Require jwt-role admin"))
    server.write("htdocs/desk/open.html", "the desk")
    server.write("htdocs/fallback/x", "x")
    server.start()
    assert server.get(path, token_of("ann", role="admin")).text == "the desk"
    for token, parameters in ((None, {"realm"}), (tamper(token_of("ann")), {"realm", "error", "error_description"}),
                              (token_of("bob"), {"realm", "error", "error_description"})):
        direct, answer = server.get("/desk/open.html", token), server.get(path, token)
        assert (answer.status, answer.text, answer.challenge()) == (direct.status, direct.text, direct.challenge())
        assert answer.status in (401, 403) and set(answer.challenge()[1]) == parameters, answer.headers
    assert server.get("/fallback/x", None).text == "x"

    def notes():
        with open(server.path("notes.log")) as file:
            return file.read().split()
    server._wait("eight lines", lambda: len(notes()) >= 8)
    assert sorted(notes()) == sorted(["-", "-", *["token_missing", "token_invalid", "access_denied"] * 2])
