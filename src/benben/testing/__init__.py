"""Help for the tests of plugins: an application from a few ini keys, callers, assertions.

Needs WebTest. Nothing of Benben itself imports this package.
"""

from benben.testing.app import API, build_api, link
from benben.testing.problems import assert_problem
from benben.testing.statements import statements_of

__all__ = ["API", "assert_problem", "build_api", "link", "statements_of"]
