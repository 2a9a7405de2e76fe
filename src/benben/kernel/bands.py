"""The order of everything that stands around a view.

A request passes ``edge``, ``observe``, ``identity``, ``guard`` and ``cache`` before it is
routed. A feature names a band, never another tween; inside one band the order is that of
inclusion. Each band is one Pyramid tween, so that ``ptweens`` shows them, and a band that
nobody uses is not there at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pyramid.tweens import EXCVIEW, INGRESS

if TYPE_CHECKING:
    from pyramid.request import Request
    from pyramid.response import Response

Handler = Callable[["Request"], "Response"]
Wrap = Callable[[Handler, Any], Handler]

BANDS = ("observe", "identity", "guard", "cache")
EDGE = "benben.kernel.edge.edge_tween_factory"
TRANSACTION = "pyramid_tm.tm_tween_factory"


def add_band_tween(config: Any, wrap: Wrap, *, band: str, is_outermost: bool = False) -> None:
    """Put *wrap* around the request in *band*.

    Args:
        wrap: takes the next handler and the registry, returns a handler; it may be a closure
            over settings, which a Pyramid tween factory cannot be.
        band: ``observe``, ``identity``, ``guard`` or ``cache``.
        is_outermost: it stands around those of other plugins, inside the host's own.
    """
    if band not in BANDS:
        raise ValueError(f"band is one of {', '.join(BANDS)}, not {band!r}")
    wraps = config.registry.assembly.bands.setdefault(band, [])
    wraps.insert(1 if is_outermost else len(wraps), wrap)


def register_bands(config: Any) -> None:
    """Add the tweens of the bands in use, edge outermost, all above the transaction."""
    above = [EDGE]
    for band in BANDS:
        if band in config.registry.assembly.bands:
            factory = f"benben.kernel.bands.{band}_tween_factory"
            config.add_tween(factory, under=tuple(above), over=(TRANSACTION, EXCVIEW))
            above.append(factory)
    # The tween that is added last stands nearest to the server.
    config.add_tween(EDGE, under=INGRESS, over=(TRANSACTION, EXCVIEW))


def observe_tween_factory(handler: Handler, registry: Any) -> Handler:
    """Wrap *handler* in what counts, times and logs."""
    return _wrapped(handler, registry, "observe")


def identity_tween_factory(handler: Handler, registry: Any) -> Handler:
    """Wrap *handler* in what finds out who asks."""
    return _wrapped(handler, registry, "identity")


def guard_tween_factory(handler: Handler, registry: Any) -> Handler:
    """Wrap *handler* in what may refuse a request before it costs anything."""
    return _wrapped(handler, registry, "guard")


def cache_tween_factory(handler: Handler, registry: Any) -> Handler:
    """Wrap *handler* in what may answer without the view."""
    return _wrapped(handler, registry, "cache")


def _wrapped(handler: Handler, registry: Any, band: str) -> Handler:
    for wrap in reversed(registry.assembly.bands[band]):
        handler = wrap(handler, registry)
    return handler
