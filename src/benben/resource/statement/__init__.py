"""From a query to SQL: one statement for a list, an item or an aggregate, compiled once a shape.

The page is selected first, as raw columns with order and limit; the documents are built
from its rows, so that nothing is rendered or embedded that is not sent.
"""

from benben.resource.statement.reads import Statements

__all__ = ["Statements"]
