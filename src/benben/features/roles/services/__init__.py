"""What roles give."""

from benben.features.roles.services.grants import Grants
from benben.features.roles.services.names import definition_mistakes

__all__ = ["Grants", "definition_mistakes"]
