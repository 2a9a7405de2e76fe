"""What is refused of name and password."""

from __future__ import annotations

from benben.kernel import Problem


class BadCredentials(Problem):
    """The name or the password is wrong, or the user is not active; which of them is not told."""

    code, status, title = "basic-bad-credentials", 401, "The name or the password is wrong"
    hint = "Correct them; nobody is told which one is wrong."


class UnreadableCredentials(Problem):
    """What follows `Basic` is not a name and a password in UTF-8 and Base64. Source: RFC 7617, section 2."""

    code, status, title = "basic-unreadable", 400, "The credentials cannot be read"
    hint = "Send `Authorization: Basic`, then name, colon and password in UTF-8 and Base64."


class TLSRequired(Problem):
    """Name and password came over plain HTTP, where everybody on the way can read them; they were not looked at."""

    code, status, title = "basic-tls-required", 403, "Passwords are taken over TLS only"
    hint = "Use `https://`, and choose another password: this one has been sent for everybody to read."


PROBLEMS = (BadCredentials, UnreadableCredentials, TLSRequired)
