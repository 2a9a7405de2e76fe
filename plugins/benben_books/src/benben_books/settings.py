"""What an operator can set."""

from benben.kernel import Setting, Settings, Whole


class BookSettings(Settings):
    """``books.*``."""

    prefix = "books"

    page_size = Setting(Whole(1, 500), default=50, unit="rows", help="Books on a page for which the caller names no limit.")
