"""Floating-point numbers in the one notation that all three renderers share."""

from __future__ import annotations

LONGEST_PLAIN_EXPONENT = 15
SMALLEST_PLAIN_EXPONENT = -4


def float_text(value: float) -> str:
    """Return a finite *value* as PostgreSQL's ``float8out`` writes it.

    The digits are the shortest that read back as the same number. The exponent form begins
    at 1e+15 and below 1e-4, has a sign and at least two digits.
    """
    digits, _, exponent_text = f"{value!r}".partition("e")
    sign = "-" if digits.startswith("-") else ""
    whole, _, fraction = digits.removeprefix("-").partition(".")
    fraction = "" if fraction == "0" else fraction
    significant = (whole + fraction).lstrip("0")
    if not significant:
        return sign + "0"
    exponent = int(exponent_text or 0) + (len(whole.lstrip("0")) - 1 if whole.strip("0") else len(significant) - len(fraction) - 1)
    significant = significant.rstrip("0")
    if SMALLEST_PLAIN_EXPONENT <= exponent < LONGEST_PLAIN_EXPONENT:
        return sign + _plain(significant, exponent)
    mantissa = significant[0] + ("." + significant[1:] if len(significant) > 1 else "")
    return f"{sign}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _plain(significant: str, exponent: int) -> str:
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + significant
    whole = significant[: exponent + 1].ljust(exponent + 1, "0")
    fraction = significant[exponent + 1 :]
    return f"{whole}.{fraction}" if fraction else whole
