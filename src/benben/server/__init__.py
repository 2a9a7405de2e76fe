"""The servers that carry the application, and how they stop without losing a request.

``waitress`` is the default: ``[server:main] use = egg:benben`` for ``pserve``, or
:func:`benben.server.waitress.serve`. It is the waitress library, subclassed: stricter in
what it takes for HTTP, with a deadline on everything a client can delay, refusals in the
shape of every other problem, and a stop that finishes what has begun.
"""
