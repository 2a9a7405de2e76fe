"""Streams: WebSockets and server-sent events, on an event loop beside the threads of the API.

Switch on with ``plugin.realtime = on``; needs the extra ``realtime``, and ``redis`` where
``realtime.redis`` is one. ``realtime.listen`` says where the gateway listens. A plugin declares
topics with ``config.add_topic`` and publishes with ``request.publish``; an event is part of the
transaction that it tells of. ``realtime.resources`` makes the changes of resources topics.
"""

from typing import Any

from benben.features.realtime.problems import PROBLEMS
from benben.features.realtime.services.changes import Changes
from benben.features.realtime.services.lifecycle import Lifecycle
from benben.features.realtime.services.publishing import Realtime, add_topic, publish
from benben.features.realtime.services.store import Store
from benben.features.realtime.settings import RealtimeSettings
from benben.features.realtime.views import TicketView, numbers_service, realtime_service
from benben.kernel import Permission, Plugin
from benben.resource.events import ResourceChanged

PLUGIN = Plugin(
    name="realtime",
    summary="WebSockets and event streams.",
    settings=(RealtimeSettings,),
    permissions=(
        Permission("realtime.read", "authenticated", "See which streams there are."),
        Permission("realtime.ticket", "authenticated", "Ask for a ticket that opens a stream."),
        Permission("realtime.inspect", "role:operator", "See how busy the gateway is."),
    ),
    problems=PROBLEMS,
    migrations="benben.features.realtime:migrations",
)


def includeme(config: Any) -> None:
    """Give plugins topics, requests a way to publish, and the process a gateway."""
    settings = config.add_plugin(PLUGIN)
    registry = config.registry
    store = Store(registry.engine, registry.derive_key)
    realtime = registry.realtime = Realtime(store, settings, registry.assembly.settings.prefix)
    registry.assembly.tracked.append(realtime.topics.by_name)
    config.add_directive("add_topic", add_topic)
    config.add_request_method(publish)
    changes = Changes(realtime, registry)
    realtime.topics.by_name.update({topic.name: topic for topic in changes.topics()})
    config.add_subscriber(changes.publish, ResourceChanged)
    config.add_check(changes.mistakes)
    config.add_service(realtime_service(realtime))
    config.add_service(numbers_service(realtime))
    config.add_route("realtime.tickets", "/realtime/tickets")
    tickets = TicketView(realtime)
    config.add_view(tickets, route_name="realtime.tickets", request_method="POST", permission="realtime.ticket")
    lifecycle = realtime.lifecycle = Lifecycle(realtime)
    config.add_numbers(realtime.measured)
    config.add_start(lifecycle.start)
    config.add_stop(lifecycle.stop)
