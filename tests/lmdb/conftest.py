# SPDX-License-Identifier: Apache-2.0
"""Fixtures around lmdb_httpd."""
import os
import pwd
import shutil

import pytest

from lmdb_httpd import IS_ROOT, USER, Built, Httpd, fresh_dir

from authjwt_process import left_over


@pytest.fixture(scope="session")
def built():
    # Stores on a tmpfs, if there is one: what a killed process leaves behind is the same, and nothing waits for a disk.
    quick = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    built = Built(fresh_dir(None), fresh_dir(quick))
    yield built
    shutil.rmtree(built.base, ignore_errors=True)
    shutil.rmtree(built.runs, ignore_errors=True)
    assert not left_over()


@pytest.fixture
def make(built):
    """make(mpm): an Httpd; all are stopped in the end, and their logs must hold nothing unexplained."""
    made = []

    def one(mpm="event"):
        dir = fresh_dir(built.runs)
        if not IS_ROOT:
            os.makedirs(os.path.join(dir, "store"), mode=0o700)
        made.append(Httpd(built, mpm, dir))
        return made[-1]

    yield one
    for httpd in made:
        httpd.stop()
        assert httpd.unexplained() == []


@pytest.fixture
def httpd(make):
    return make()


@pytest.fixture
def as_root():
    if not IS_ROOT:
        pytest.skip("needs root")
    return pwd.getpwnam(USER)
