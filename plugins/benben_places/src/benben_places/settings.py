"""What an operator can set."""

from benben.kernel import Choice, Setting, Settings, Whole


class PlaceSettings(Settings):
    """``places.*``."""

    prefix = "places"

    page_size = Setting(Whole(1, 500), default=50, unit="rows", help="Rows on a page for which the caller names no limit.")
    min_population = Setting(
        Choice("500", "1000", "5000", "15000"),
        default="15000",
        unit="people",
        help="The smallest cities that the import loads: 500 are 235,000 cities, 15000 are 34,000.",
    )
