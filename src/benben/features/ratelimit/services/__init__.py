"""Rates, the stores that count, and who is counted under which name."""
