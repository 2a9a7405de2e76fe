"""The configurator of the host: Pyramid's, and a default permission for plain includes."""

from __future__ import annotations

from typing import Any

import pyramid.config
from pyramid.config import global_registries
from pyramid.config.actions import action_method
from pyramid.events import ApplicationCreated
from pyramid.security import NO_PERMISSION_REQUIRED

from benben.kernel.router import Router


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

    def make_wsgi_app(self) -> Router:
        """Commit, and return the application as a WSGI function."""
        self.commit()
        app = Router(self.registry)
        global_registries.add(self.registry)
        self.begin()
        try:
            self.registry.notify(ApplicationCreated(app))
        finally:
            self.end()
        return app

    def _plugin_permission(self) -> str:
        assembly = getattr(self.registry, "assembly", None)
        if assembly is None or not self.includepath:
            return ""
        return assembly.default_permissions.get(self.includepath[0], "")
