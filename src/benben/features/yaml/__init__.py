"""YAML for every resource, in and out.

Switch on with ``plugin.yaml = on``; needs the extra ``yaml``. Asked for with
``Accept: application/yaml`` or ``?format=yaml``.
"""

from typing import Any

from benben.features.yaml.services import YAMLFormat
from benben.kernel.plugin import Plugin

PLUGIN = Plugin(name="yaml", summary="YAML beside JSON.")


def includeme(config: Any) -> None:
    """Offer the format."""
    config.add_plugin(PLUGIN)
    config.add_format(YAMLFormat())
