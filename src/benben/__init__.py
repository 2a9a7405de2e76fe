"""Benben: an API server on Pyramid, assembled from plugins by an ini file."""

from collections.abc import Mapping
from typing import Any

FOUNDATIONS = (
    "benben.observe",
    "benben.rest",
    "benben.db",
    "benben.security",
    "benben.resource",
    "benben.contract",
    "benben.operation",
    "benben.server.problems",
)


def main(global_config: Mapping[str, str], **settings: str) -> Any:
    """Return the WSGI application that the ini describes.

    Raises: benben.kernel.ConfigurationMistakes: every mistake of the ini at once.
    """
    from benben.kernel.assemble import assemble

    assembly = assemble(global_config, settings, foundations=FOUNDATIONS)
    assembly.start()
    return assembly.config.make_wsgi_app()
