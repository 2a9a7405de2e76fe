"""Topics, events and tickets; nothing here knows of sockets."""

from benben.features.realtime.services.publishing import Realtime
from benben.features.realtime.services.topics import Topic, Topics

__all__ = ["Realtime", "Topic", "Topics"]
