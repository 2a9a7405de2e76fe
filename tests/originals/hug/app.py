"""Numbers and greetings, as Hug's own documentation teaches them: ``python app.py PORT``."""

import sys
from wsgiref.simple_server import WSGIServer, make_server

import hug


@hug.cli()
@hug.local()
@hug.post("/add")
def add(a: hug.types.number, b: hug.types.in_range(0, 11) = 1):
    """Add two numbers."""
    return a + b


@hug.get("/greet", versions=1)
def greet():
    """Greet as of old."""
    return "good day"


@hug.get("/greet", versions=range(2, 4))
def greet_by_name(name: hug.types.text = "you"):
    """Greet by name."""
    return f"hi {name}"


if __name__ == "__main__":
    if sys.argv[1].isdigit():
        make_server("127.0.0.1", int(sys.argv[1]), hug.API(__name__).http.server(), WSGIServer).serve_forever()
    else:
        # The command, as `hug -f app.py -c add` starts it.
        hug.API(__name__).cli(sys.argv)
