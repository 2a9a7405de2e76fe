"""The gateway: an event loop of its own that holds the connections, so that no thread of the API does."""
