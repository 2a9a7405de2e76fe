"""What has changed between a frozen document and the present one, and whether that breaks clients."""

from benben.contract.drift.operations import Change, breaking_changes, changes

__all__ = ["Change", "breaking_changes", "changes"]
