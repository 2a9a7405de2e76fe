"""Which rows and which fields of a resource a caller has.

A rule of rows is an expression of the filter language with ``$user``, ``$tenant`` and
``$claim.<name>`` for what is known of the caller; a rule of fields is a rule as permissions
have it. A plugin writes them in its `Resource`, an operator in the ini:

    service.books.row.editor = owner == $user
    service.books.field.price.read = role:accountant

For each kind of caller there is a resource of its own, made when the first of them comes: a
field that is hidden is not in it, and rows that are not seen are in none of its statements.
So nothing that is written for resources has to think of access, and nothing can forget it.
"""

from benben.resource.access.kinds import Access
from benben.resource.access.problems import PROBLEMS, RowNotPermitted
from benben.resource.access.rules import access_mistakes

__all__ = ["PROBLEMS", "Access", "RowNotPermitted", "access_mistakes"]
