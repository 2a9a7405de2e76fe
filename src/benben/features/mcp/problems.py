"""What is refused before a message is read."""

from __future__ import annotations

from benben.kernel.problems import BadRequest, Forbidden


class MCPOriginRefused(Forbidden):
    """A page of another origin asks for tools; its message was not read.

    A name that leads to this machine may be anybody's, so that the address alone proves nothing.
    """

    code, title = "mcp-origin-refused", "Pages of this origin may not ask for tools"
    hint = "The operator names the origins in `mcp.origins`."


class MCPInBatch(BadRequest):
    """A batch holds a message of MCP, whose refusals have no status that the batch could go by."""

    code, title = "mcp-in-batch", "A batch holds no message of MCP"
    hint = "Send the message by itself, or the request that the tool stands for inside the batch."


PROBLEMS = (MCPOriginRefused, MCPInBatch)
