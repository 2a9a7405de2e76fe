"""What a token that does not reach is told. Source: RFC 6750, section 3.1."""

from __future__ import annotations

from benben.features.jwt.services import issue_access_token
from benben.testing import API, assert_problem
from tests.functional.jwt.conftest import Build


def test_a_token_that_does_not_reach_says_so(build: Build) -> None:
    """403 with the scheme and the reason; other credentials are not spoken of as tokens."""
    api: API = build(plugin__books="on", service__authors__permission__write="role:owner")
    bearer = {"Authorization": f"Bearer {issue_access_token(api.registry, 'ada')}"}

    refused = api.post_json("/v1/authors", {"name": "x"}, headers=bearer, expect_errors=True)
    other = api.by("bob").post_json("/v1/authors", {"name": "x"}, expect_errors=True)

    assert_problem(refused, 403)
    assert refused.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope"'
    assert "WWW-Authenticate" not in other.headers
