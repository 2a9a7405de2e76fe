"""Amounts, what was used of them, and who has them."""
