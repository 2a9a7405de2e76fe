"""The documents as plain data: OpenAPI, API Blueprint, what is on, the catalogue of problems."""

from benben.features.docs.services.blueprint import write_blueprint
from benben.features.docs.services.document import Reader, build_document
from benben.features.docs.services.overview import describe_problem, overview_of

__all__ = ["Reader", "build_document", "describe_problem", "overview_of", "write_blueprint"]
