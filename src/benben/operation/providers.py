"""What is injected: made once in a scope, ended with it, replaced in a test by one line."""

from __future__ import annotations

import datetime
import inspect
import typing
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy.orm import Session
from zope.interface.interfaces import IInterface

from benben.kernel.settings import Settings, Values, read
from benben.security.identity import Identity

if TYPE_CHECKING:
    from types import TracebackType

    from benben.kernel.request import Request

Factory = Callable[["Scope"], Any]
_CURRENT: ContextVar[Scope | None] = ContextVar("benben_scope", default=None)


class Clock(Protocol):
    """Tells the time; a test gives another."""

    def now(self) -> datetime.datetime:
        """Return the present instant, aware."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime.datetime:
        """Return the present instant in UTC."""
        return datetime.datetime.now(datetime.UTC)


class Providers:
    """The factories of one application; ``registry.providers``."""

    def __init__(self) -> None:
        self.factories: dict[Any, Factory] = {
            Session: _session,
            Identity: lambda scope: scope.identity,
            Clock: lambda _scope: SystemClock(),
        }

    def knows(self, kind: Any, registry: Any) -> bool:
        """Tell whether *kind* can be injected."""
        wanted = plain(kind)
        if isinstance(wanted, type) and issubclass(wanted, Settings):
            return self._keep_settings(wanted, registry)
        return wanted in self.factories or _is_service(wanted, registry)

    def _keep_settings(self, kind: type[Settings], registry: Any) -> bool:
        """Give the settings of a plugin that is on, read once."""
        if kind not in self.factories:
            prefix = next((prefix for prefix, schema, _ in registry.assembly.schemas if schema is kind), None)
            if prefix is None:
                return False
            values = Values(read(kind, registry.assembly.source, prefix)[0])
            self.factories[kind] = lambda _scope: values
        return True

    @contextmanager
    def replaced(self, kind: Any, factory: Factory) -> Iterator[None]:
        """Give what *factory* makes in the place of *kind* meanwhile; for tests."""
        before = self.factories.get(kind)
        self.factories[kind] = factory
        try:
            yield
        finally:
            if before is None:
                del self.factories[kind]
            else:
                self.factories[kind] = before


class Scope:
    """One request, command or job: what is injected lives as long as it does.

    Entered, it is also what plain calls inside it take their injections from. An exception that
    leaves it rolls back; else what was written outside of a request is committed.

    Args:
        request: None outside of a request.
        identity: on whose behalf; that of the request by default.
    """

    def __init__(self, registry: Any, *, request: Request | None = None, identity: Identity | None = None) -> None:
        self.registry = registry
        self.request = request
        self.identity = registry.security.identity(request) if request is not None and identity is None else identity
        self._made: dict[Any, Any] = {}
        self._stack = ExitStack()

    @classmethod
    def current(cls) -> Scope:
        """Return the scope around the call.

        Raises: LookupError: there is none.
        """
        scope = _CURRENT.get()
        if scope is None:
            raise LookupError("something has to be injected; call the operation inside `with Scope(registry):`, or give it")
        return scope

    def __enter__(self) -> Scope:
        token = _CURRENT.set(self)
        self._stack.callback(lambda: _CURRENT.reset(token))
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.__exit__(kind, exc, trace)

    def get(self, kind: Any) -> Any:
        """Return the value of *kind*, the same one each time.

        Raises: LookupError: nobody provides it.
        """
        wanted = plain(kind)
        if wanted not in self._made:
            self._made[wanted] = self._make(wanted)
        return self._made[wanted]

    def _make(self, kind: Any) -> Any:
        factory = self.registry.providers.factories.get(kind)
        if factory is None:
            if self.request is not None and hasattr(self.request, "find_service"):
                return self.request.find_service(kind)
            raise LookupError(f"nobody provides {getattr(kind, '__qualname__', kind)}")
        made = factory(self)
        return self._stack.enter_context(_ended(made)) if inspect.isgenerator(made) else made


def add_provider(config: Any, kind: Any, factory: Factory) -> None:
    """Inject what *factory* makes of a `Scope` wherever a function asks for *kind*.

    A generator function yields the value and goes on when the scope ends; an exception of the
    scope is raised at its ``yield``.
    """
    config.registry.providers.factories[kind] = factory


def plain(kind: Any) -> Any:
    """Return the type that is meant: ``X | None`` asks for X."""
    if typing.get_origin(kind) is typing.Annotated:
        return plain(typing.get_args(kind)[0])
    kinds = [item for item in typing.get_args(kind) if item is not type(None)]
    return plain(kinds[0]) if len(kinds) == 1 and type(None) in typing.get_args(kind) else kind


@contextmanager
def _ended(generator: Any) -> Iterator[Any]:
    """Give what *generator* yields; let it end, or fail, with the scope."""
    value = next(generator)
    try:
        yield value
    except BaseException as exc:
        with suppress(StopIteration):
            generator.throw(exc)
        raise
    else:
        for _ in generator:
            raise RuntimeError("a provider yields once")


def _session(scope: Scope) -> Any:
    """Give the session of the request, or one of the scope's own that is committed at its end."""
    if scope.request is not None:
        return scope.request.dbsession
    return _own_session(scope)


def _own_session(scope: Scope) -> Iterator[Session]:
    with Session(scope.registry.engine) as session, session.begin():
        yield session


def _is_service(kind: Any, registry: Any) -> bool:
    """Tell whether pyramid_services has *kind*; what it has is known when requests come."""
    from pyramid.interfaces import IRequestExtensions

    extensions = registry.queryUtility(IRequestExtensions)
    has = extensions is not None and "find_service" in {**extensions.methods, **extensions.descriptors}
    return bool(has) and (IInterface.providedBy(kind) or isinstance(kind, type))
