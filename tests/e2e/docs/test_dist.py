# SPDX-License-Identifier: Apache-2.0
"""What is handed on: the archive of the source, the list of what the module is linked with, and what Debian's packages are made of.
Packages themselves are built and used by tests/debian/package."""
import hashlib
import json
import os
import pathlib
import re
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[3]
MODULE = pathlib.Path(os.environ.get("B", TOP / "build")) / "mod_authjwt.so"
VERSION = re.search(r"(?m)^Changes with mod_authjwt (\S+)$", (TOP / "CHANGES").read_text()).group(1)


def run(*command, **env):
    done = subprocess.run([str(one) for one in command], capture_output=True, text=True, env={**os.environ, **env})
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def made_in(folder, script=TOP / "conf/make-dist", **env):
    folder.mkdir()
    return pathlib.Path(run(script, folder, **env))


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return made_in(tmp_path_factory.mktemp("dist") / "first")


def test_the_archive_has_its_checksum(archive):
    assert archive.name == f"mod_authjwt-{VERSION}.tar.gz"
    said = pathlib.Path(f"{archive}.sha256").read_text()
    assert said == f"{hashlib.sha256(archive.read_bytes()).hexdigest()}  {archive.name}\n"


def test_the_archive_is_the_same_when_made_again_also_of_itself(archive, tmp_path):
    run("tar", "-C", tmp_path, "-xf", archive)
    inside = tmp_path / f"mod_authjwt-{VERSION}"
    assert made_in(tmp_path / "again", TZ="Asia/Tokyo", LC_ALL="C.UTF-8").read_bytes() == archive.read_bytes()
    assert made_in(tmp_path / "itself", inside / "conf/make-dist").read_bytes() == archive.read_bytes()
    (inside / "README.md").write_text("changed\n")
    assert made_in(tmp_path / "changed", inside / "conf/make-dist").read_bytes() != archive.read_bytes()


def test_what_builds_leave_is_not_in_the_archive(archive):
    names = run("tar", "-tf", archive).splitlines()
    top = f"mod_authjwt-{VERSION}/"
    assert {top + "Makefile", top + "mod_authjwt.c", top + "debian/rules", top + "tests/run"} <= set(names)
    assert not [one for one in names if re.search(r"/(build|\.git|__pycache__)/|\.(o|so|deb|pyc)$", one)]


def test_debians_changelog_has_the_version_of_changes(archive, tmp_path):
    run("tar", "-C", tmp_path, "-xf", archive)
    changelog = (tmp_path / f"mod_authjwt-{VERSION}" / "debian/changelog").read_text()
    assert changelog.startswith(f"libapache2-mod-authjwt ({VERSION}-1) ")
    candidate = made_in(tmp_path / "candidate", tmp_path / f"mod_authjwt-{VERSION}" / "conf/make-dist", SOURCE_DATE_EPOCH="86400")
    run("tar", "-C", tmp_path / "candidate", "-xf", candidate)
    later = (tmp_path / "candidate" / f"mod_authjwt-{VERSION}" / "debian/changelog").read_text()
    assert later.endswith("Fri, 02 Jan 1970 00:00:00 +0000\n") and not changelog.endswith("1970 00:00:00 +0000\n")


def test_each_library_of_the_build_is_in_both_lists():
    makefile = re.search(r"(?m)^BUILD_PACKAGES := (.*)$", (TOP / "Makefile").read_text()).group(1)
    control = re.search(r"(?ms)^Build-Depends: (.*?)^\S", (TOP / "debian/control").read_text()).group(1)
    libraries = {one for one in makefile.split() if one.endswith("-dev") and one != "libc6-dev"}
    assert libraries and libraries == set(re.findall(r"\b[\w.+-]+-dev\b", control))


def test_installing_enables_nothing():
    """What dh_apache2 writes into the scripts of the package without --noenable is `a2enmod`."""
    assert re.search(r"(?m)^\tdh_apache2 --noenable$", (TOP / "debian/rules").read_text())


@pytest.fixture(scope="module")
def bom():
    httpd = "%s/%s" % tuple(run(os.environ.get("APXS", "apxs"), "-q", one) for one in ("SBINDIR", "PROGNAME"))
    return json.loads(run(TOP / "conf/make-bom", MODULE, VERSION, httpd, SOURCE_DATE_EPOCH="86400"))


def test_the_list_names_what_the_module_is_linked_with(bom):
    files = {one["value"] for part in bom["components"] for one in part["properties"] if one["name"] == "file"}
    needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", MODULE)))
    assert needed and needed <= files
    # httpd itself, and APR, which the module finds in it.
    assert {"apache2", "libapr-1.so.0", "libaprutil-1.so.0"} <= files
    for part in bom["components"]:
        assert part["version"] == run("dpkg-query", "-W", "-f=${Version}", part["name"]), part
        assert re.fullmatch(r"pkg:deb/debian/%s@[^?]+\?arch=\w+&distro=debian-\d+" % re.escape(part["name"]), part["purl"]), part


def test_the_list_holds_together(bom):
    """As CycloneDX 1.6 says; tests/debian/valid-bom asks its own schema."""
    assert (bom["bomFormat"], bom["specVersion"], bom["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bom["serialNumber"])
    own = bom["metadata"]["component"]
    assert bom["metadata"]["timestamp"] == "1970-01-02T00:00:00Z" and own["version"] == VERSION
    assert own["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(MODULE.read_bytes()).hexdigest()}]
    refs = [own["bom-ref"]] + [part["bom-ref"] for part in bom["components"]]
    assert len(refs) == len(set(refs))
    assert sorted(one["ref"] for one in bom["dependencies"]) == sorted(refs)
    assert all(set(one["dependsOn"]) <= set(refs) - {one["ref"]} for one in bom["dependencies"])
    assert set(refs) == {own["bom-ref"]} | {ref for one in bom["dependencies"] for ref in one["dependsOn"]}
