"""Chat rooms and a dashboard that moves.

Switch on with ``plugin.live = on``; needs ``plugin.realtime``. Serves the page ``/live`` and
``POST /live/{room}/messages``; the gateway serves ``/live/{room}`` and ``/live/stats/traffic``.
"""

from benben.features.realtime.interfaces import realtime_of
from benben.kernel import Permission, Plugin
from benben_live.schemas import MessageSchema
from benben_live.services import Traffic, compose
from benben_live.views import live_service, messages_service, static_service

PLUGIN = Plugin(
    name="live",
    summary="Chat rooms and a dashboard that moves.",
    version="0.1.0",
    requires=("realtime",),
    permissions=(
        Permission("live.page", "public", "Open the page."),
        Permission("live.read", "authenticated", "Listen to rooms and to the traffic."),
        Permission("live.write", "authenticated", "Say something in a room."),
    ),
)


def includeme(config):
    """Declare the topics, and serve the page."""
    config.add_plugin(PLUGIN)
    config.add_topic(
        "live",
        "/live/{room:[a-z0-9][a-z0-9-]{0,39}}",
        permission="live.read",
        publish_permission="live.write",
        schema=MessageSchema(),
        compose=compose,
        summary="What is said in a room.",
    )
    config.add_topic("live.traffic", "/live/stats/traffic", permission="live.read", summary="Requests of the last second.")
    config.add_service(live_service())
    config.add_service(static_service())
    config.add_service(messages_service())
    traffic = Traffic(realtime_of(config.registry))
    config.add_observer(traffic.count)
    config.add_start(traffic.start)
    config.add_stop(traffic.stop)
