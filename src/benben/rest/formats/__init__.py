"""Formats: what a document may look like on the wire, out and in.

Documents are made as JSON, by the database mostly; another format is made of that text.
A plugin adds its own with ``config.add_format``.
"""

from benben.rest.formats.base import JSON, Format, Formats, RowFormat, add_format
from benben.rest.formats.csv import CSVFormat
from benben.rest.formats.json import JSONFormat
from benben.rest.formats.msgpack import MessagePackFormat
from benben.rest.formats.ndjson import NDJSONFormat

__all__ = ["BUILT_IN", "JSON", "Format", "Formats", "RowFormat", "add_format"]

BUILT_IN: tuple[Format, ...] = (JSONFormat(), NDJSONFormat(), CSVFormat(), MessagePackFormat())
