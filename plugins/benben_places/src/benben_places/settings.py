"""What an operator can set."""

from benben.kernel import Choice, Setting, Settings, Whole


class PlaceSettings(Settings):
    """``places.*``."""

    prefix = "places"

    page_size = Setting(Whole(1, 500), default=50, unit="rows", help="Rows on a page for which the caller names no limit.")
    min_population = Setting(
        Choice("500", "1000", "5000", "15000"),
        default="500",
        unit="people",
        help="The smallest cities that the import loads: 500 is all there are, 235,000; 15000 is 34,000 of them.",
    )
