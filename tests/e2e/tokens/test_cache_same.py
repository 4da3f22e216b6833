# SPDX-License-Identifier: Apache-2.0
"""A server with AuthJWTCache answers as one without, whatever happens; the long run of this is `tests/soak/run same`."""
import pytest
from authjwt_same import Same


@pytest.mark.parametrize("cache,mpm,children,seed", [(16, "event", 1, 1), (1024, "worker", 2, 2), (64, "prefork", 3, 3)])
def test_with_and_without_a_cache_the_answers_are_the_same(cache, mpm, children, seed, clock):
    same = Same(cache, clock, seed, mpm=mpm, children=children)
    try:
        same.run(2000, 2)
    finally:
        same.close()
