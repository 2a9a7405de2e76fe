"""What is refused of a browser."""

from __future__ import annotations

from benben.kernel import Problem


class CSRFRefused(Problem):
    """The cookie is good, and nothing shows that a page of this server sent the request; nothing was done.

    Whatever page a browser shows, it sends the cookie along; the token is known to our pages only.
    """

    code, status, title = "session-csrf", 403, "The request does not come from a page of this server"
    hint = "Send the token of the session as `X-CSRF-Token` or in the field `csrf_token`; reload the page if it is old."


class LoginRefused(Problem):
    """The name or the password is wrong, or the user is not active; which of them is not told."""

    code, status, title = "session-login-refused", 403, "The name or the password is wrong"
    hint = "Correct them; nobody is told which one is wrong."


class LoginFormExpired(Problem):
    """The form of the login page is not this browser's, or older than its cookie; nobody was let in."""

    code, status, title = "session-login-form", 403, "The form is too old"
    hint = "Load `/login` again, with cookies allowed, and fill in the form."


PROBLEMS = (CSRFRefused, LoginRefused, LoginFormExpired)
