"""What is refused because it comes too often."""

from __future__ import annotations

from benben.kernel.problems import Problem, Unavailable


class RateExceeded(Problem):
    """The caller has sent as many requests as its rates allow; this one was not looked at."""

    code, status, title = "ratelimit-exceeded", 429, "Too many requests"
    hint = "Wait for the seconds in `Retry-After`; `violated-policies` names the rates of RateLimit-Policy that were exceeded."


class LoginsExceeded(Problem):
    """Too many logins have failed; this one was refused whether or not it was right."""

    code, status, title = "ratelimit-logins", 429, "Too many failed logins"
    hint = "Wait for the seconds in `Retry-After`. Tokens and sessions that are in use keep working."


class CountersAway(Unavailable):
    """Requests cannot be counted just now, and the operator has chosen to answer none uncounted."""

    code, title = "ratelimit-away", "Requests cannot be counted just now"


PROBLEMS = (RateExceeded, LoginsExceeded, CountersAway)
