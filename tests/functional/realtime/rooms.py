"""A plain include with topics for the tests: rooms, and one that belongs to its user."""

from __future__ import annotations

from typing import Any

from pyramid.authorization import Allow

from benben.rest.nodes import Node, Schema, String


class MessageSchema(Schema):
    """Something that is said."""

    text = Node(String(2000, min_length=1))


class Desk:
    """An object with a list of its own."""

    def __init__(self, request: Any) -> None:
        self.__acl__ = [(Allow, f"user:{request.matchdict['owner']}", ("authenticated",))]


def compose(identity: Any, data: Any) -> Any:
    """Add who says it."""
    return {**data, "from": identity.userid}


def includeme(config: Any) -> None:
    """Declare topics, and views that publish."""
    config.add_topic(
        "room",
        "/rooms/{room:[a-z]{1,20}}",
        permission="authenticated",
        schema=MessageSchema(),
        publish_permission="role:speaker",
        compose=compose,
    )
    config.add_topic("desk", "/desks/{owner}", permission="authenticated", factory=Desk)
    config.add_topic("open", "/open", permission="public")
    config.add_route("say", "/say/{room}")
    config.add_view(say, route_name="say", request_method="POST", renderer="json")
    config.add_view(say, route_name="say", request_method="GET", renderer="json")


def say(request: Any) -> Any:
    """Publish, and fail afterwards if the body asks for it."""
    request.publish("room", {"text": request.params.get("text", "hello")}, room=request.matchdict["room"])
    if "fail" in request.params:
        request.response.status_int = 409
    return {}
