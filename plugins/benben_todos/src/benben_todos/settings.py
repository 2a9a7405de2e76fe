"""What an operator can set."""

from benben.kernel import Setting, Settings, Whole


class TodoSettings(Settings):
    """``todos.*``."""

    prefix = "todos"

    page_size = Setting(Whole(1, 500), default=50, unit="rows", help="Rows on a page for which the caller names no limit.")
