"""The configurator of the host: Pyramid's, and a default permission for plain includes."""

from __future__ import annotations

from typing import Any

import pyramid.config
from pyramid.config.actions import action_method
from pyramid.security import NO_PERMISSION_REQUIRED


class Configurator(pyramid.config.Configurator):
    """Configure as Pyramid does; views of a plain include take the permission of its ini key.

    ``config.include`` makes a new object of the same class, so that the include path tells
    which plugin a view belongs to.
    """

    @action_method
    def add_view(self, view: Any = None, *args: Any, **kw: Any) -> None:
        """Add a view; without a permission it takes ``plugin.<name>.permission``."""
        default = self._plugin_permission()
        declared = getattr(view, "__view_defaults__", {}).get("permission")
        if default and kw.get("permission") is None and declared is None:
            kw["permission"] = NO_PERMISSION_REQUIRED if default == "public" else default
        super().add_view(view, *args, **kw)

    def _plugin_permission(self) -> str:
        assembly = getattr(self.registry, "assembly", None)
        if assembly is None or not self.includepath:
            return ""
        return assembly.default_permissions.get(self.includepath[0], "")
