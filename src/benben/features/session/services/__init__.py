"""What a cookie holds, what proves that a page is ours, and what has ended before its time."""

from benben.features.session.services.ended import Ended
from benben.features.session.services.seal import Seal, Ticket
from benben.features.session.services.sessions import Sessions

__all__ = ["Ended", "Seal", "Sessions", "Ticket"]
