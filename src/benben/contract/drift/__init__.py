"""What has changed between a frozen document and the present one in a way that breaks clients."""

from benben.contract.drift.operations import Change, breaking_changes

__all__ = ["Change", "breaking_changes"]
