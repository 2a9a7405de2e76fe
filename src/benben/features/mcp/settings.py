"""What an operator can set."""

from benben.kernel.settings import Setting, Settings, Text, Whole, Words


class MCPSettings(Settings):
    """``mcp.*``."""

    prefix = "mcp"

    tools = Setting(Words(), default=("*",), help="The operations that are tools, by name; * stands for anything.")
    max_items = Setting(Whole(1, 100_000), default=1_000, unit="items", help="Items of a stream that one answer holds.")
    instructions = Setting(Text("a text"), default="", help="What a program is told of this server before it uses a tool.")
    origins = Setting(Words(), default=(), help="Origins whose pages may ask, beside that of the server itself.")
