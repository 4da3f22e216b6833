# SPDX-License-Identifier: Apache-2.0
"""AuthJWTSessionIdle: a session that nobody uses is over, and what does not count as use (AuthJWTSessionIdleIgnore)."""
import re
import time

import pytest
from authjwt_client import PROBLEMS, assert_error
from authjwt_env import DEFAULT, USERS, Known, endpoint, location, protected
from authjwt_listed import LISTED, listed
from authjwt_sessions import THEFT
from authjwt_tokens import claims, read, sign
from authjwt_visitor import ACCESS, ALL_FOUR, CSRF_ACCESS, REFRESH, WEB, Visitor, set_cookies, signed_in

PROBLEMS.setdefault("csrf_failed", (403, "CSRF check failed", "The request does not prove that it comes from this site"))
MINUTE = 60
OVER = 45 * MINUTE                                       # the life of an access token, and half an hour
AUTO, VALID = "AuthJWTCookieAutoRefresh /refresh", "Require valid-user"
CONFIG = WEB + LISTED + (
    "AuthJWTSessionIdle 30m\nAuthJWTSessionIdleIgnore /poll /deep/poll/\nAuthJWTSessionIdleIgnore /more\nAuthJWTLoginThrottle 1000 60s\n"
    "ScriptAliasMatch ^/(app|poll|polling|deep|more|tokened|strict|plain)(/.*)?$ @dir@/cgi-bin/env.sh\n"
    + "".join(protected("/" + name, AUTO, VALID) for name in ("app", "poll", "polling", "deep", "more"))
    + location("/app", "AuthJWTLoginURL /login") + protected("/plain", VALID)
    + protected("/tokened", AUTO, "AuthJWTCookieCSRFProtect token", VALID)
    + protected("/strict", "AuthJWTCookieAutoRefresh /strict-refresh", VALID)
    + location("/strict/poll", "AuthJWTSessionIdleIgnore /strict/poll")
    + endpoint("/strict-refresh", "refresh", "AuthJWTRefreshGrace 0", USERS)
    + location("/free", "AuthJWTSessionIdle off") + endpoint("/free/login", "login", USERS) + endpoint("/free/refresh", "refresh", USERS)
    + endpoint("/kept/login", "login", "AuthJWTRememberMe 60d", USERS)
    + "<VirtualHost *:@port@>\nServerName localhost\n</VirtualHost>\n"
    + "<VirtualHost *:@port@>\nServerName short\nAuthJWTSessionExpires 20m\n</VirtualHost>\n")


def older(token, seconds, **more):
    """The same token, issued so much earlier."""
    old = read(token)
    return sign({**old, **{name: old[name] - seconds for name in ("iat", "nbf", "exp")}, **more}, Known.secret)


def leave_alone(visitor, seconds):
    """What a browser has that was left alone for so long."""
    for name in (ACCESS, REFRESH):
        if name in visitor.jar:
            visitor.jar[name] = older(visitor.jar[name], seconds)
    return visitor


def near(value, wanted):
    return abs(value - wanted) <= 30


def poll(visitor, path="/poll"):
    """A renewal for a request that does not count; the claims of the access token."""
    answer = visitor.fetch(path)
    assert answer.status == 200 and set(set_cookies(answer)) == {ACCESS, CSRF_ACCESS}, answer
    made = read(visitor.jar[ACCESS])
    assert made["sid_idle"] is True and made["type"] == "access" and made["fresh"] is False
    return made


# -- the end -------------------------------------------------------------------------------------------------------

def test_a_refresh_token_says_when_the_session_is_over_and_each_refresh_moves_it(server):
    refresh = server.login()[1]
    assert near(read(refresh)["exp"], time.time() + OVER) and read(refresh)["exp"] == read(refresh)["iat"] + OVER
    assert near(read(refresh)["sid_exp"], time.time() + 30 * 86400)
    answer = server.post("/refresh", older(refresh, OVER - 30))
    assert answer.status == 200 and near(read(answer.json()["refresh_token"])["exp"], time.time() + OVER)
    assert near(read(answer.json()["access_token"])["exp"], time.time() + 15 * MINUTE)


@pytest.mark.parametrize("beyond,tag", [(0, "AJ1508"), (5, "AJ1508"), (60, r"AJ01\d\d: token refused: .*expired")])
def test_who_was_away_for_longer_is_out_to_the_second(server, mark, beyond, tag):
    refresh = server.login()[1]
    assert_error(server.post("/refresh", older(refresh, OVER + beyond)), "token_expired")
    server.assert_logged(mark, r"\[authjwt:info\].*" + tag)
    assert server.post("/refresh", older(refresh, OVER - 30)).status == 200


def test_it_counts_for_refresh_tokens_that_do_not_say_so_themselves(server):
    refresh = server.login(path="/free/login")[1]
    assert near(read(refresh)["exp"], time.time() + 30 * 86400)
    assert_error(server.post("/refresh", older(refresh, OVER + 1)), "token_expired")
    assert server.post("/free/refresh", older(refresh, OVER + 1)).status == 200
    foreign = claims(without=("iat", "nbf"), type="refresh")
    assert near(read(server.post("/refresh", sign(foreign, Known.secret)).json()["refresh_token"])["exp"], time.time() + OVER)


def test_the_end_of_the_session_comes_first_where_it_is_earlier(server):
    refresh = server.login(host="short")[1]
    assert read(refresh)["exp"] == read(refresh)["sid_exp"] and near(read(refresh)["exp"], time.time() + 20 * MINUTE)


def test_who_asked_to_stay_signed_in_may_be_away(server):
    kept = Visitor(server).sign_in(path="/kept/login", remember="true")
    other = Visitor(server).sign_in(path="/kept/login")
    assert near(read(kept.jar[REFRESH])["exp"], time.time() + 60 * 86400)
    leave_alone(kept, 5 * 86400)
    leave_alone(other, OVER + 1)
    assert kept.fetch("/refresh", "POST").status == 200 and read(kept.jar[REFRESH])["exp"] == read(kept.jar[REFRESH])["sid_exp"]
    assert_error(other.fetch("/refresh", "POST"), "token_expired")
    del kept.jar[ACCESS]
    assert set(set_cookies(kept.fetch("/poll"))) == ALL_FOUR          # nothing is held back for them


def test_on_the_way_of_a_request(server):
    back = leave_alone(signed_in(server), OVER - 5)
    answer = back.navigate("/app")
    assert answer.status == 200 and set(set_cookies(answer)) == ALL_FOUR and near(read(back.jar[REFRESH])["exp"], time.time() + OVER)
    gone = leave_alone(signed_in(server), OVER + 1)
    assert_error(gone.fetch("/app"), "token_expired")
    assert gone.navigate("/app").status == 302


def test_parallel_refreshes_of_one_token_give_one_successor(server):
    refresh = older(server.login()[1], 20 * MINUTE)
    made = {tuple(read(server.post("/refresh", refresh).json()["refresh_token"])[name] for name in ("jti", "iat", "exp")) for _ in range(4)}
    assert len(made) == 1


# -- what does not count -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", ["/poll", "/poll/", "/poll/x?y", "/%70oll", "/deep/poll/x", "/more", "/strict/poll"])
def test_a_renewal_for_such_a_path_leaves_the_end_where_it_is(server, path):
    visitor = leave_alone(signed_in(server), 40 * MINUTE)
    refresh = visitor.jar[REFRESH]
    made = poll(visitor, path)
    assert made["exp"] == read(refresh)["iat"] + OVER and visitor.jar[REFRESH] == refresh
    assert set_cookies(visitor.fetch(path)) == {}                     # until that token has expired
    young = leave_alone(signed_in(server), 16 * MINUTE)
    assert near(poll(young, path)["exp"], time.time() + 15 * MINUTE)


@pytest.mark.parametrize("path", ["/polling", "/app", "/deep/poll", "/deep", "/app/poll"])
def test_other_paths_count(server, path):
    visitor = leave_alone(signed_in(server), 40 * MINUTE)
    answer = visitor.fetch(path)
    assert answer.status == 200 and set(set_cookies(answer)) == ALL_FOUR and near(read(visitor.jar[REFRESH])["exp"], time.time() + OVER)
    assert "sid_idle" not in read(visitor.jar[ACCESS])


def test_polls_alone_keep_nothing_alive(server):
    visitor = leave_alone(signed_in(server), 16 * MINUTE)
    end = read(visitor.jar[REFRESH])["exp"]
    for minutes in (15, 13):
        assert poll(visitor)["exp"] <= end
        leave_alone(visitor, minutes * MINUTE)
        end -= minutes * MINUTE
        visitor.jar[ACCESS] = older(visitor.jar[ACCESS], MINUTE)      # over by more than the leeway
    poll(visitor)
    leave_alone(visitor, 2 * MINUTE)
    assert read(visitor.jar[REFRESH])["exp"] < time.time()
    assert_error(visitor.fetch("/poll"), "token_expired")
    assert_error(visitor.fetch("/app"), "token_expired")


def test_the_token_of_a_poll_has_no_leeway(server, mark):
    visitor = leave_alone(signed_in(server), 40 * MINUTE)
    poll(visitor)
    held, usual = visitor.jar[ACCESS], server.login()[0]
    assert server.get("/plain", held).status == 200
    late = time.time() - 3
    assert_error(server.get("/plain", sign({**read(held), "exp": int(late)}, Known.secret)), "token_expired")
    server.assert_logged(mark, r"\[authjwt:info\].*AJ1509: ")
    assert server.get("/plain", sign({**read(usual), "exp": int(late)}, Known.secret)).status == 200


def test_the_first_request_of_a_person_after_polls_counts(server):
    visitor = leave_alone(signed_in(server), 40 * MINUTE)
    poll(visitor)
    answer = visitor.navigate("/app")
    assert answer.status == 200 and answer.env()["REMOTE_USER"] == "ann" and set(set_cookies(answer)) == ALL_FOUR
    assert near(read(visitor.jar[REFRESH])["exp"], time.time() + OVER) and "sid_idle" not in read(visitor.jar[ACCESS])
    for path in ("/app", "/poll"):
        assert set_cookies(visitor.fetch(path)) == {}                 # and the next ones need nothing


def test_polls_and_people_at_the_same_moment_do_not_end_the_session(server):
    visitor = leave_alone(signed_in(server), 40 * MINUTE)
    before = dict(visitor.jar)
    assert visitor.fetch("/app").status == 200
    late = Visitor(server)
    late.jar = before                                                 # sent before the answer of the other had come
    poll(late)
    visitor.jar.update({name: late.jar[name] for name in (ACCESS, CSRF_ACCESS)})     # and answered after it
    assert near(read(visitor.jar[REFRESH])["exp"], time.time() + OVER)
    assert set(set_cookies(visitor.fetch("/app"))) == ALL_FOUR
    assert visitor.fetch("/refresh", "POST").status == 200


def test_a_form_of_a_person_counts_by_the_proof_of_the_poll_token(server):
    visitor = leave_alone(signed_in(server), 40 * MINUTE)
    poll(visitor)
    for value in (None, "x", visitor.jar["csrf_refresh_token"]):
        headers = {"X-CSRF-TOKEN": value} if value else {}
        assert_error(visitor.fetch("/tokened", "POST", headers=headers), "csrf_failed")
    answer = visitor.fetch("/tokened", "POST", headers={"X-CSRF-TOKEN": visitor.jar[CSRF_ACCESS]})
    assert answer.status == 200 and set(set_cookies(answer)) == ALL_FOUR


def test_the_refresh_cookie_of_another_session_renews_nothing(server):
    visitor, other = leave_alone(signed_in(server), 40 * MINUTE), signed_in(server, "bob")
    poll(visitor)
    visitor.jar[REFRESH] = other.jar[REFRESH]
    answer = visitor.fetch("/app")
    assert answer.status == 200 and answer.env()["REMOTE_USER"] == "ann" and set_cookies(answer) == {}


def test_where_nothing_is_renewed_the_token_of_a_poll_is_good(server):
    visitor = leave_alone(signed_in(server), 40 * MINUTE)
    poll(visitor)
    assert set_cookies(visitor.fetch("/plain")) == {} and visitor.fetch("/plain").status == 200
    assert server.get("/app", visitor.jar[ACCESS]).status == 200      # as Bearer
    held = visitor.jar[ACCESS]
    assert server.post("/logout", held).status == 200
    assert_error(server.get("/plain", held), "token_revoked")


def test_a_stolen_refresh_token_is_noticed_by_a_poll_too(server, expect_log):
    expect_log(THEFT)
    visitor = leave_alone(signed_in(server), 40 * MINUTE)
    copy = Visitor(server)
    copy.jar = dict(visitor.jar)
    poll(visitor, "/strict/poll")
    assert visitor.fetch("/strict").status == 200 and visitor.fetch("/strict").status == 200
    assert_error(copy.fetch("/strict/poll"), "token_expired")         # as if it had no refresh cookie
    assert_error(visitor.fetch("/strict"), "token_revoked")


def test_in_the_list_of_sessions_a_poll_is_no_use(server):
    visitor = leave_alone(signed_in(server, "cara"), 40 * MINUTE)
    poll(visitor)
    before = listed(server, visitor.jar[ACCESS])[0]["last"]
    while int(time.time()) == before:
        time.sleep(0.02)
    leave_alone(visitor, MINUTE)
    visitor.jar[ACCESS] = older(visitor.jar[ACCESS], 20 * MINUTE)
    poll(visitor)
    assert listed(server, visitor.jar[ACCESS])[0]["last"] == before
    assert visitor.fetch("/app").status == 200
    assert listed(server, visitor.jar[ACCESS])[0]["last"] > before


def test_a_refresh_by_a_script_counts(server):
    visitor = leave_alone(signed_in(server), 40 * MINUTE)
    poll(visitor)
    assert visitor.fetch("/refresh", "POST").status == 200
    assert near(read(visitor.jar[REFRESH])["exp"], time.time() + OVER) and "sid_idle" not in read(visitor.jar[ACCESS])


# -- configuration -------------------------------------------------------------------------------------------------

WRONG = [("AuthJWTSessionIdle 0", "must be longer than 0"), ("AuthJWTSessionIdle on", '"on"'), ("AuthJWTSessionIdleIgnore", "needs at least one path"),
         ("AuthJWTSessionIdleIgnore /a poll", '"poll" does not begin with /'), ("AuthJWTClaim sid_idle x", "sid_idle"),
         ("AuthJWTSessionIdle 1h\nAuthJWTRefreshRotation off", "AJ1792: AuthJWTSessionIdle with AuthJWTRefreshRotation off in server"),
         ("AuthJWTSessionIdle 1h\n" + endpoint("/other", "refresh", "AuthJWTRefreshRotation off"), 'AJ1792: .* in <Location "/other">'),
         ("AuthJWTRefreshRotation off\n" + endpoint("/other", "refresh", "AuthJWTSessionIdle 1h"), 'AJ1792: .* in <Location "/other">')]


@pytest.mark.parametrize("lines,said", WRONG)
def test_what_cannot_be_meant_does_not_start(new_server, lines, said):
    status, text = new_server(DEFAULT + lines + "\n").configtest()
    assert status and re.search(said, text), text


@pytest.mark.parametrize("lines", ["AuthJWTSessionIdle off\nAuthJWTRefreshRotation off", "AuthJWTRefreshRotation off\nAuthJWTSessionIdle off",
                                   "AuthJWTSessionIdle 1h\n" + endpoint("/x", "refresh", "AuthJWTSessionIdle off", "AuthJWTRefreshRotation off")])
def test_what_can_be_meant_does(new_server, lines):
    status, text = new_server(DEFAULT + lines + "\n").configtest()
    assert status == 0, text
