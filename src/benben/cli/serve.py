"""``benben serve INI``: start the application and serve it until a signal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from benben.cli.options import ini_argument

if TYPE_CHECKING:
    from benben.cli.inifile import Ini
    from benben.server.state import ServerState

MOCK = "BENBEN_CONTRACT__MOCK"


def serve(uri: str, *, overrides: Mapping[str, str], on_ready: Callable[[Any, ServerState], None] | None = None) -> int:
    """Serve the application of an ini file until SIGTERM or SIGINT; return the requests lost.

    Args:
        overrides: ``listen`` and ``threads``, in the place of those of ``[server:main]``.
        on_ready: called with the application and the state of the server once it listens.

    Raises: ConfigurationMistakes: of the ini, of *overrides*, or an address that is taken.
    """
    from benben.cli.application import located
    from benben.cli.inifile import load_ini
    from benben.cli.listen import read_server_settings, warn_of_other_server
    from benben.kernel.mistakes import ConfigurationMistakes, Mistake
    from benben.server.waitress import serve as serve_by_waitress

    ini = load_ini(uri)
    set_up_logging(ini)
    warn_of_other_server(ini)
    settings, mistakes = read_server_settings(ini, overrides)
    if mistakes:
        raise ConfigurationMistakes(mistakes)
    with located(ini):
        app = ini.loader.get_wsgi_app()
    try:
        return serve_by_waitress(
            app,
            settings,
            on_ready=None if on_ready is None else lambda state: on_ready(app, state),
            on_stop=getattr(app, "close", None),
        )
    except OSError as exc:
        text = f"{exc.strerror}; --listen HOST:PORT or listen in [server:main] takes another"
        raise ConfigurationMistakes([Mistake(ini.file, text)]) from exc


def serve_gateway(uri: str, *, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve the streams of an ini file, and nothing else, until SIGTERM or SIGINT.

    Raises: ConfigurationMistakes: of the ini, or there is no gateway in it.
    """
    import signal
    import threading

    from benben.cli.application import build, located, require_plugin
    from benben.cli.inifile import load_ini
    from benben.kernel.mistakes import ConfigurationMistakes, Mistake

    ini = load_ini(uri)
    set_up_logging(ini)
    assembly = build(ini)
    stopped = threading.Event()
    with located(ini):
        require_plugin(assembly, "realtime", "a gateway")
        registry = assembly.config.registry
        if registry.realtime.settings.listen is None:
            raise ConfigurationMistakes([Mistake("realtime.listen", "is required: where the gateway listens")])
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        try:
            assembly.start()
            registry.realtime.lifecycle.run_gateway(registry)
            if on_ready is not None:
                on_ready(url_of((registry.realtime.settings.listen[0], registry.realtime.gateway.port)))
            stopped.wait()
        finally:
            assembly.stop()


def set_up_logging(ini: Ini) -> None:
    """Configure logging by the ini's sections, or those of the nearest file it is built on.

    Raises: ConfigurationMistakes: the sections cannot be used.
    """
    from pyramid.paster import get_config_loader

    from benben.cli.inifile import read_sections
    from benben.kernel.mistakes import ConfigurationMistakes, Mistake

    files = dict.fromkeys(section.file for section in ini.sections)
    file = next((name for name in files if any(item.header == "loggers" for item in read_sections(name))), ini.file)
    try:
        get_config_loader(file).setup_logging()
    except Exception as exc:
        # The sections name classes and expressions of any module: whatever those raise is a mistake of the ini.
        raise ConfigurationMistakes([Mistake(f"{file}: logging", f"{type(exc).__name__}: {exc}")]) from exc


def url_of(address: tuple[str, int]) -> str:
    """Return the URL under which a client on this machine reaches a listening address."""
    host, port = address
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def welcome(app: Any, uri: str, argv: Sequence[str], *, state: ServerState) -> str:
    """Return what a person reads when the server is ready: where it is and, in development, what to try."""
    from benben.cli.first_steps import first_steps

    url = url_of(state.addresses[0])
    lines = [f"Serving on {' '.join(url_of(address) for address in state.addresses)}"]
    assembly = getattr(getattr(app, "registry", None), "assembly", None)
    if assembly is not None:
        lines += first_steps(assembly, url, uri, argv=argv)
    return "\n".join(lines)


@click.command("serve")
@ini_argument
@click.option("--listen", metavar="HOST:PORT", help="Where to listen, in place of the ini's; port 0 takes a free one.")
@click.option("--threads", metavar="N", help="Requests that run at the same time, in place of the ini's.")
@click.option("--mock", metavar="NAME", multiple=True, help="A contract that answers from its examples; may be given again.")
@click.option("--only", type=click.Choice(["gateway"]), help="Serve the streams of realtime.listen and nothing else.")
@click.option("--quiet", is_flag=True, help="Do not print the URL and what to try; logging is that of the ini.")
def command(uri: str, listen: str | None, threads: str | None, mock: tuple[str, ...], only: str | None, quiet: bool) -> None:
    """Serve the application that an ini file describes.

    SIGTERM and Ctrl-C finish the requests that run and exit with 0; a second one does not wait.
    """
    if only is not None:
        serve_gateway(uri, on_ready=None if quiet else lambda url: click.echo(f"Streams on {url}"))
        return
    given = {"listen": listen, "threads": threads}
    if mock:
        # A setting like any other, which the environment of this process gives.
        os.environ[MOCK] = " ".join(mock)

    def greet(app: Any, state: ServerState) -> None:
        click.echo(welcome(app, uri, sys.argv, state=state))

    serve(
        uri,
        overrides={key: text for key, text in given.items() if text is not None},
        on_ready=None if quiet else greet,
    )
