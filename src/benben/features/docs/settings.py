"""What an operator can set of the documents."""

from __future__ import annotations

from benben.kernel import Setting, Settings, Text


class DocsSettings(Settings):
    """``docs.*``; the title is ``benben.title``."""

    prefix = "docs"

    version = Setting(Text(), default="", help="The version of this API in its documents; that of Benben if absent.")
    description = Setting(Text(), default="", help="What this API is for, in Markdown; it stands above the conventions.")
