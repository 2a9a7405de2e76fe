"""What an operator can set of the documents."""

from __future__ import annotations

from benben.kernel import Choice, Setting, Settings, Text


class DocsSettings(Settings):
    """``docs.*``; the title is ``benben.title``."""

    prefix = "docs"

    version = Setting(Text(), default="", help="The version of this API in its documents; that of Benben if absent.")
    strangers = Setting(
        Choice("all", "public"),
        default="all",
        help="What a caller without credentials finds in the documents: all there is, or what is public. "
        "Whoever has credentials finds what they may use.",
    )
    description = Setting(Text(), default="", help="What this API is for, in Markdown; it stands above the conventions.")
