"""What is refused."""

from __future__ import annotations

from benben.kernel.problems import Forbidden


class OriginRefused(Forbidden):
    """A browser asked for a page whose origin may not use this address; the request itself was not sent."""

    code, title = "cors-origin-refused", "Pages of this origin may not use this address"
    hint = "The operator names the origins in `cors.origins`, or in `service.<name>.cors.origins` for one service."
