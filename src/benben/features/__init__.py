"""Features that an ini switches on; each is a plugin of its own."""
