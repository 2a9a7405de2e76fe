"""Why a process should get no requests."""

from benben.kernel.problems import Unavailable


class NotReady(Unavailable):
    """A check has failed, or the server is stopping; ``checks`` says which."""

    code, title = "health-not-ready", "This process is not ready"
    hint = "Send requests to another process; this one is asked again by whoever balances the load."


PROBLEMS = (NotReady,)
