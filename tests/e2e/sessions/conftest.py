# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests about sessions."""
import pytest
from authjwt_directory import ENGINES, engine


@pytest.fixture(params=ENGINES)
def place(request):
    """Where the directory is."""
    one = engine(request.param)
    yield one
    one.close()
