"""How fast Benben is, beside other frameworks on the same machine and the same tables."""
