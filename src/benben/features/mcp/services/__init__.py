"""The messages of the protocol, and the tools that they ask for."""
