"""The query of a list or an item: text parameters in, typed terms or all their faults out."""

from benben.resource.query.parser import Parser
from benben.resource.query.terms import Query, Shape

__all__ = ["Parser", "Query", "Shape"]
