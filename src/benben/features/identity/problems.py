"""What can be wrong with a user."""

from __future__ import annotations

from benben.kernel import Problem
from benben.kernel.problems import Conflict, NotFound, Unavailable


class WeakPassword(Problem):
    """The password is too short, too long or the name itself; nothing was changed."""

    code, status, title = "identity-weak-password", 400, "The password is too weak"
    hint = "Choose a longer one; several words are easier to keep in mind than signs."


class UserExists(Conflict):
    """The name is taken; nothing was changed."""

    code, title = "identity-user-exists", "There is a user of this name"
    hint = "Choose another name."


class UnknownUser(NotFound):
    """Nobody has this name."""

    code, title = "identity-unknown-user", "There is no user of this name"
    hint = "`benben user INI list` shows the names."


class UserInactive(Conflict):
    """The user was deactivated and can do nothing."""

    code, title = "identity-user-inactive", "The user is not active"
    hint = "Activate the user first."


class HashingBusy(Unavailable):
    """Too many passwords are being verified at once; nothing was done."""

    code, title = "identity-busy", "Too many passwords are verified just now"


PROBLEMS = (WeakPassword, UserExists, UnknownUser, UserInactive, HashingBusy)
