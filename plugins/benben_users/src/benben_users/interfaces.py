"""What others may replace."""

from zope.interface import Interface


class INoteSchema(Interface):
    """The colander schema of a note."""
