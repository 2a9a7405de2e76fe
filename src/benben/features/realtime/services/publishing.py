"""Publishing: an event is part of the transaction that it tells of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from benben.db.session import SAFE_METHODS
from benben.features.realtime.problems import EventTooLarge
from benben.features.realtime.services.topics import Topic, Topics
from benben.kernel.wire import write_json
from benben.observe.numbers import Number
from benben.rest.validation import validate

if TYPE_CHECKING:
    from benben.features.realtime.gateway.door import Door
    from benben.features.realtime.gateway.feeds import Feed
    from benben.features.realtime.gateway.running import Gateway
    from benben.features.realtime.services.lifecycle import Lifecycle
    from benben.features.realtime.services.store import Store
    from benben.kernel.request import Request
    from benben.kernel.settings import Values
    from benben.security.identity import Identity


class Realtime:
    """The streams of one application; ``registry.realtime``.

    Attributes:
        signal: tells gateways, wherever they are, that there is something new; set by the feed.
        gateway: that of this process, or None.
        door: judges who may have which stream; there once the application has started.
    """

    def __init__(self, store: Store, settings: Values, prefix: str) -> None:
        self.topics = Topics()
        self.store = store
        self.settings = settings
        self.prefix = prefix
        self.signal: Callable[[], None] = _nobody
        self.gateway: Gateway | None = None
        self.door: Door
        self.feed: Feed
        self.lifecycle: Lifecycle
        self.evidence: tuple[str, ...] = ()
        self._published = 0
        self._lock = threading.Lock()

    def measured(self) -> Iterator[Number]:
        """Yield the numbers of the streams of this process."""
        published = "Events that this process has written to the log."
        yield Number("benben_realtime_published", published, self._published, only_grows=True)
        if self.gateway is not None:
            yield from self.gateway.measured()

    def publish(self, topic: str, data: Any, **values: str) -> int:
        """Publish in a transaction of its own, which has ended when this returns; return the id of the event.

        Raises: ValueError: there is no such topic; InvalidInput: *data* does not fit its schema; EventTooLarge.
        """
        newest = self.store.publish([self._written(topic, data, values)])
        self._tell(1)
        return newest

    def publish_in(self, request: Request, topic: str, data: Any, values: Mapping[str, str]) -> None:
        """Publish when the transaction of *request* is committed; see `publish` for what is raised."""
        if request.method in SAFE_METHODS:
            raise ValueError(f"a {request.method} changes nothing and has nothing to tell; publish outside of the request")
        written = self._written(topic, data, values)
        transaction = request.tm.get()
        try:
            pending: Pending = transaction.data(self)
        except KeyError:
            pending = Pending(request.dbsession, self.store)
            transaction.set_data(self, pending)
            transaction.addBeforeCommitHook(pending.write)
            transaction.addAfterCommitHook(self._after_commit, (pending,))
        pending.add(written)

    def submit(self, topic: str, data: Any, identity: Identity | None, values: Mapping[str, str]) -> Any:
        """Return what an event holds of *data* that a client has sent.

        Raises: InvalidInput: it does not fit the schema of the topic.
        """
        found = self.topics[topic]
        valid = data if found.schema is None else validate(found.schema, data)
        return valid if found.compose is None else found.compose(identity, valid)

    def url(self, hostname: str, scheme: str = "http") -> str:
        """Return where clients reach the gateway, empty if there is none.

        Args: hostname: by which the caller knows the API.
        """
        settings = self.settings
        if settings.url or settings.listen is None:
            return str(settings.url.rstrip("/"))
        port = self.gateway.port if self.gateway is not None else settings.listen[1]
        return f"{scheme}://{f'[{hostname}]' if ':' in hostname else hostname}:{port}"

    def _written(self, name: str, data: Any, values: Mapping[str, str]) -> tuple[str, str]:
        topic: Topic = self.topics[name]
        text = write_json(data)
        if len(text) > self.settings.max_event:
            raise EventTooLarge(f"An event has at most {self.settings.max_event} bytes.")
        return topic.channel(values), text.decode()

    def _after_commit(self, is_committed: bool, pending: Pending) -> None:
        if is_committed:
            self._tell(len(pending))

    def _tell(self, number: int) -> None:
        with self._lock:
            self._published += number
        self.signal()


class Pending:
    """The events of one transaction; those of a savepoint that is rolled back are forgotten with it."""

    def __init__(self, session: Session, store: Store) -> None:
        self._session = session
        self._store = store
        self._events: list[tuple[tuple[str, str], list[Any]]] = []
        event.listen(session, "after_soft_rollback", self._forget)

    def __len__(self) -> int:
        return len(self._events)

    def add(self, written: tuple[str, str]) -> None:
        """Keep one event, with the savepoints that it stands in."""
        inside, savepoint = [], self._session.get_nested_transaction()
        while savepoint is not None and savepoint.nested:
            inside.append(savepoint)
            savepoint = savepoint.parent
        self._events.append((written, inside))

    def write(self) -> None:
        """Write what is left, after everything else of the transaction."""
        if self._events:
            # What waits in the session may need locks that others hold, and the last lock is that of the count.
            self._session.flush()
            self._store.append(self._session, [written for written, _ in self._events])

    def _forget(self, _session: Session, rolled_back: Any) -> None:
        self._events = [item for item in self._events if rolled_back not in item[1]]


def publish(request: Request, topic: str, data: Any, **values: str) -> None:
    """Publish *data* on *topic* if and when the transaction of this request is committed.

    Args: values: those of the placeholders in the pattern of the topic.
    Raises: ValueError: no such topic, other placeholders, or a request that changes nothing; EventTooLarge.
    """
    request.registry.realtime.publish_in(request, topic, data, values)


def add_topic(config: Any, name: str, pattern: str, *, permission: str, **details: Any) -> None:
    """Declare a topic: a WebSocket at *pattern* and its events at *pattern* with ``/events`` behind it.

    Args: details: the other arguments of `Topic`.
    """
    assembly = config.registry.assembly
    owner = assembly.owners.get(config.includepath[0], "") if config.includepath else ""
    topic = Topic(name, pattern, permission, plugin=owner, **details)
    topics: Topics = config.registry.realtime.topics
    if name in topics.by_name:
        raise ValueError(f"topic {name} is declared twice, by {topics.by_name[name].plugin} and by {owner}")
    topics.by_name[name] = topic


def _nobody() -> None:
    """Signal to nobody."""
