# SPDX-License-Identifier: Apache-2.0
"""conf/examples/git.conf as shipped, but for the replacements that are seen here and in authjwt_examples, with a real git."""
import json
import os
import re
import shutil
import subprocess

import pytest
from authjwt_env import Known
from authjwt_examples import EXAMPLES, Example
from authjwt_leaks import register_token
from authjwt_tokens import tamper


def test_the_table_of_examples_names_all_there_are():
    linked = re.findall(r"\]\(([^)#:]+\.conf)\)", (EXAMPLES / "README.md").read_text())
    assert sorted(linked) == sorted(path.name for path in EXAMPLES.glob("*.conf"))
    assert "(conf/examples/README.md)" in (EXAMPLES.parents[1] / "README.md").read_text()

@pytest.fixture(scope="module")
def git():
    server = Example("git.conf", {"/srv/git": "@dir@/git"}, groups="committers: ann\n")
    repository = server.path("git/project.git")
    subprocess.run(["git", "init", "-q", "--bare", "--initial-branch=main", repository], check=True)
    if os.getuid() == 0:
        subprocess.run(["chown", "-R", "www-data:www-data", server.path("git")], check=True)
    yield server.start()
    server.close()


class Workplace:
    """A user's own directory, and git with a password that is asked for."""

    def __init__(self, server, folder):
        self.server, self.folder = server, folder
        self.ask = folder / "ask"
        self.ask.write_text('#!/bin/sh\nprintf "%s\\n" "$PASSWORD"\n')
        self.ask.chmod(0o700)

    def git(self, password, *arguments):
        """(exit status, all it said)"""
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "GIT_ASKPASS": str(self.ask), "PASSWORD": password,
               "GIT_SSL_CAINFO": self.server.certificate, "GIT_TERMINAL_PROMPT": "0", "LANG": "C"}
        done = subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *arguments], cwd=self.folder, env=env,
                              capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def clone(self, user, password):
        shutil.rmtree(self.folder / "project", ignore_errors=True)
        return self.git(password, "clone", "-q", self.server.origin.replace("//", "//%s@" % user) + "/git/project.git")

    def commit(self, text):
        (self.folder / "project/file.txt").write_text(text)
        for arguments in (("add", "file.txt"), ("commit", "-q", "-m", text)):
            status, said = self.git("", "-C", "project", *arguments)
            assert status == 0, said

    def push(self, password):
        return self.git(password, "-C", "project", "push", "-q", "origin", "HEAD:main")


@pytest.fixture
def workplace(git, tmp_path):
    return Workplace(git, tmp_path)


def test_git_clones_and_pushes_with_a_token_for_its_password(git, workplace):
    ann, bob = git.client().token("ann"), git.client().token("bob")
    assert workplace.clone("ann", ann)[0] == 0
    workplace.commit("written by ann")
    status, said = workplace.push(ann)
    assert status == 0, said
    assert workplace.clone("bob", bob)[0] == 0
    assert (workplace.folder / "project/file.txt").read_text() == "written by ann"


def test_the_line_that_gets_a_token_gets_one(git):
    line = re.search(r"(?m)^# +(read -rs .*)$", (EXAMPLES / "git.conf").read_text()).group(1)
    done = subprocess.run(["bash", "-c", line.replace("https://git.example.com", git.origin)], input=Known.passwords["ann"] + "\n",
                          env={"PATH": os.environ["PATH"], "CURL_CA_BUNDLE": git.certificate}, capture_output=True, text=True)
    assert register_token(json.loads(done.stdout)["access_token"]).count(".") == 2


def test_git_cannot_push_without_the_role(git, workplace):
    bob = git.client().token("bob")
    assert workplace.clone("bob", bob)[0] == 0
    workplace.commit("written by bob")
    status, said = workplace.push(bob)
    assert status != 0 and "403" in said, said


def test_git_cannot_clone_with_a_bad_token_with_another_users_or_with_none(git, workplace):
    ann = git.client().token("ann")
    for user, password in (("ann", tamper(ann)), ("bob", ann), ("ann", Known.passwords["ann"]), ("ann", "")):
        status, said = workplace.clone(user, password)
        assert status != 0 and "Authentication failed" in said, said
    assert workplace.clone("ann", ann)[0] == 0


def test_git_cannot_push_after_logout(git, workplace):
    ann = git.client().token("ann")
    assert workplace.clone("ann", ann)[0] == 0
    workplace.commit("too late")
    assert git.client().post("/logout", headers={"Authorization": "Bearer " + ann}).status_code == 200
    status, said = workplace.push(ann)
    assert status != 0 and "Authentication failed" in said, said


@pytest.mark.parametrize("path", ["/git/project.git/git-receive-pack", "/git/project.git//git-receive-pack", "/git//project.git/git-receive-pack",
                                  "/git/project.git/%67it-receive-pack", "/git/x/../project.git/git-receive-pack",
                                  "/git/project.git/./git-receive-pack", "//git/project.git/git-receive-pack"])
def test_no_other_spelling_of_the_address_pushes_without_the_role(git, path):
    def status_for(user):
        done = subprocess.run(["curl", "-s", "--path-as-is", "-K", "-", "--cacert", git.certificate, "-o", "/dev/null", "-w", "%{http_code}",
                               "--data-binary", "0000", "-H", "Content-Type: application/x-git-receive-pack-request", git.origin + path],
                              input='user = "%s:%s"\n' % (user, git.client().token(user)), capture_output=True, text=True, check=True)
        return done.stdout

    assert (status_for("ann"), status_for("bob")) in (("200", "403"), ("404", "404"))
