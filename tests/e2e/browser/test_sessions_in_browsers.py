# SPDX-License-Identifier: Apache-2.0
"""jwt-sessions in two Chromiums: one signs the other out; and which browser an agent is."""
import pytest
from authjwt_chromium import absent, running_chromium, set_view
from authjwt_env import Known
from authjwt_listed import LISTED, PHONE
from authjwt_visitor import WEB, Visitor

CONFIG = WEB + "AuthJWTLoginURL /login\nAuthJWTLoginThrottle 1000 60s\n" + LISTED
in_chromium = pytest.mark.skipif(absent() is not None, reason=str(absent()))

# What browsers and programs call themselves, and what people call them.
AGENTS = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0": "Firefox (Linux)",
    "Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0": "Firefox (Android)",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/127.0 Mobile/15E148 Safari/605.1.15": "Firefox (iPhone)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36": "Chrome (Windows)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0": "Edge (Windows)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36 OPR/111.0.0.0": "Opera (Windows)",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36":
        "Samsung Internet (Android)",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36": "Chrome (Android)",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36": "Chrome (ChromeOS)",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15": "Safari (macOS)",
    PHONE: "Safari (iPhone)",
    "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0 Mobile/15E148 Safari/604.1": "Chrome (iPad)",
    "curl/8.5.0": "curl", "Wget/1.21.4": "Wget", "my-app/2.1 (build 7)": "my-app/2.1 (build 7)", "": "Unknown browser",
    "Mozilla/5.0 (compatible; " + "x" * 100 + ")": "Mozilla/5.0 (compatible; " + "x" * 35 + "...",
}


@pytest.mark.parametrize("agent", AGENTS)
def test_people_read_what_they_call_it(server, agent):
    visitor = Visitor(server)
    visitor.submit("/login", {"username": "cara", "password": Known.passwords["cara"]}, headers={"User-Agent": agent})
    page = visitor.navigate("/sessions")
    assert page.status == 200 and ">%s</h2>" % AGENTS[agent] in page.text, page
    assert visitor.fetch("/sessions", "POST", json={"end": "all"}).status == 200


def until(driver, condition):
    """Pages follow a click in their own time."""
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.support.ui import WebDriverWait
    return WebDriverWait(driver, 30, 0.02, ignored_exceptions=[StaleElementReferenceException]).until(condition)


def heading(driver):
    return driver.find_element("css selector", "h1").text


def shows_login(driver):
    return heading(driver).endswith("Sign in")


def shows(number):
    """The page of so many sessions."""
    return lambda driver: heading(driver).endswith("Where you are signed in") and len(driver.find_elements("css selector", "h2")) == number


def sign_in(driver, home):
    driver.get(home + "/login?next=/sessions")
    driver.find_element("id", "user").send_keys("ann")
    driver.find_element("id", "password").send_keys(Known.passwords["ann"])
    driver.find_element("css selector", "button").click()


@in_chromium
def test_one_browser_signs_the_other_out(server):
    home = "http://localhost:%d" % server.port
    with running_chromium() as here, running_chromium() as there:
        for number, driver in enumerate((here, there), 1):
            set_view(driver, 320, 700)
            sign_in(driver, home)
            until(driver, shows(number))
        here.refresh()
        until(here, shows(2))
        assert all("Chrome (Linux)" in one.text for one in here.find_elements("css selector", "h2"))
        assert here.execute_script("return document.documentElement.scrollWidth") <= 320
        items = here.find_elements("css selector", "li")
        [other] = [one for one in items if "This is the browser" not in one.text]
        other.find_element("css selector", "button").click()
        until(here, shows(1))
        assert here.current_url == home + "/sessions"
        there.refresh()
        until(there, shows_login)
        sign_in(there, home)
        until(there, shows(2))
        there.find_elements("css selector", "main > form button")[-1].click()             # everywhere else
        until(there, shows(1))
        here.refresh()
        until(here, shows_login)
        there.find_element("css selector", "li button").click()                            # and here
        until(there, shows_login)
        assert not [one for one in there.get_cookies() if "token" in one["name"]]
