"""How a feature has something recorded: it raises the event `Audited`; it need not require this feature."""

from benben.security.audited import Audited

__all__ = ["Audited"]
