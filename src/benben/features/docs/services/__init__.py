"""The documents as plain data: OpenAPI, what is on, the catalogue of problems."""

from benben.features.docs.services.document import build_document
from benben.features.docs.services.overview import describe_problem, overview_of

__all__ = ["build_document", "describe_problem", "overview_of"]
