# SPDX-License-Identifier: Apache-2.0
"""The built-in pages judged by axe-core at WCAG 2.2 AA, and what it does not judge: keyboard, size, and nothing that is cut off."""
import pathlib
import shutil
import subprocess

import pytest
from authjwt_chromium import absent, running_chromium, set_view
from authjwt_env import running
from authjwt_scenes import FILES, FURNISHED, NAMED, PLAIN, SCENES, Stage, show

pytestmark = pytest.mark.skipif(absent() is not None, reason=str(absent()))
HERE = pathlib.Path(__file__).resolve().parents[1] / "support/axe"
WIDTHS = (320, 768, 1280, 3840)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
RUN = """const done = arguments[arguments.length - 1];
axe.run(document, {runOnly: {type: 'tag', values: arguments[0]}, rules: {'target-size': {enabled: true}}})
    .then(found => done({violations: found.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html + ' ' + n.failureSummary).join(' | ')),
                         unsure: found.incomplete.map(v => v.id), passes: found.passes.map(v => v.id)}), wrong => done({violations: [String(wrong)]}));"""
# Light, dark, and the administrator's logo and style, each in both languages.
LOOKS = [(furnished, scheme, lang) for furnished in (False, True) for scheme in ("light", "dark") for lang in ("en", "de")]


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """The source of axe-core, installed from the lockfile."""
    folder = tmp_path_factory.mktemp("axe")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1", "--fetch-timeout=10000"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as wrong:
        pytest.skip("npm cannot be run: %s" % type(wrong).__name__)
    if done.returncode:
        pytest.skip("npm cannot install axe-core: " + (done.stderr.strip().splitlines() or ["no reason given"])[0])
    return (folder / "node_modules/axe-core/axe.min.js").read_text()


@pytest.fixture(scope="module")
def chromium():
    with running_chromium() as driver:
        yield driver


@pytest.fixture(scope="module")
def plain():
    yield from running({"CONFIG": PLAIN, "FILES": FILES})


@pytest.fixture(scope="module")
def furnished():
    yield from running({"CONFIG": FURNISHED + NAMED + PLAIN, "FILES": FILES})


def judge(driver, axe):
    if not driver.execute_script("return typeof window.axe == 'object'"):
        driver.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})
    return driver.execute_async_script(RUN, TAGS)


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("has_logo,scheme,lang", LOOKS, ids=lambda value: {True: "furnished", False: "plain"}.get(value, value))
def test_axe_finds_nothing(chromium, plain, furnished, axe, scene, has_logo, scheme, lang):
    stage = Stage(chromium, furnished if has_logo else plain)
    set_view(chromium, 1280, 900, scheme, lang)
    show(stage, scene, lang)
    assert bool(chromium.find_elements("css selector", "img")) == has_logo
    for width in WIDTHS:
        set_view(chromium, width, 2160 if width == 3840 else 900, scheme, lang)
        found = judge(chromium, axe)
        assert not found["violations"], (width, found["violations"])
        assert "color-contrast" in found["passes"] and "color-contrast" not in found["unsure"], (width, found)
        assert chromium.execute_script("return document.documentElement.scrollWidth") <= width


def test_axe_would_find_something(chromium, plain, axe):
    set_view(chromium, 1280, 900)
    show(Stage(chromium, plain), "login")
    chromium.execute_script("document.querySelector('label').remove(); document.querySelector('button').style.color = '#0b6cbd';")
    said = " ".join(judge(chromium, axe)["violations"])
    assert "label: " in said and "color-contrast: " in said


def test_the_keyboard_goes_through_in_order_and_shows_where_it_is(chromium, furnished):
    from selenium.webdriver.common.keys import Keys
    set_view(chromium, 1280, 900)
    show(Stage(chromium, furnished), "login")
    seen = [chromium.switch_to.active_element]
    for _ in range(2):
        seen[-1].send_keys(Keys.TAB)
        seen.append(chromium.switch_to.active_element)
    assert [one.get_attribute("id") or one.tag_name for one in seen] == ["user", "password", "button"]
    assert seen[-1].value_of_css_property("outline-style") == "solid" and seen[-1].value_of_css_property("outline-width") == "3px"
    show(Stage(chromium, furnished), "failed")
    assert chromium.switch_to.active_element.get_attribute("id") == "password"
    assert chromium.find_element("id", "user").get_attribute("aria-invalid") == "true"


@pytest.mark.parametrize("scene", ["login", "remember", "denied", "logout", "sessions"])
def test_what_is_to_be_pressed_is_large_enough(chromium, plain, scene):
    set_view(chromium, 320, 600)
    show(Stage(chromium, plain), scene)
    for one in chromium.find_elements("css selector", "a, button, input:not([type=hidden])"):
        assert one.size["height"] >= 24 and one.size["width"] >= 24, (one.get_attribute("outerHTML"), one.size)


def test_the_box_is_reached_by_the_keyboard_and_named_by_its_label(chromium, plain):
    from selenium.webdriver.common.keys import Keys
    set_view(chromium, 1280, 900)
    show(Stage(chromium, plain), "remember")
    chromium.switch_to.active_element.send_keys(Keys.TAB)
    box = chromium.switch_to.active_element
    assert box.get_attribute("id") == "remember" and box.is_selected() and box.accessible_name == "Stay signed in on this device"
    box.send_keys(Keys.SPACE)
    assert not box.is_selected()
    chromium.find_element("css selector", "label[for=remember]").click()
    assert box.is_selected()


def test_screen_readers_hear_names_and_what_went_wrong(chromium, furnished):
    set_view(chromium, 1280, 900)
    show(Stage(chromium, furnished), "failed")
    tree = chromium.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    said = {(one.get("role", {}).get("value"), one.get("name", {}).get("value")): one for one in tree}
    assert ("heading", "Members of the club Sign in") in said and ("button", "Sign in") in said and ("alert", "") in said
    for name in ("User name", "Password"):
        assert said["textbox", name]["description"]["value"] == "User name or password is wrong."


def test_nothing_is_blocked_or_complained_of(chromium, furnished):
    chromium.get_log("browser")
    for scene in SCENES:
        show(Stage(chromium, furnished), scene)
        assert chromium.execute_script("return [...document.images].every(one => one.complete && one.naturalWidth > 0)")
        assert chromium.execute_script("return getComputedStyle(document.querySelector('main')).borderTopStyle") == "solid"
    said = [one["message"] for one in chromium.get_log("browser") if "the server responded with a status of" not in one["message"] and "favicon" not in one["message"]]
    assert not said, said
