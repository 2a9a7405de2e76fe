"""How an API is assembled: plugins, settings, problems, bands; no SQL and no resource.

A plugin author needs the names below and Pyramid.
"""

from benben.kernel.assemble import Assembly, assemble
from benben.kernel.mistakes import ConfigurationMistakes, Mistake
from benben.kernel.plugin import Permission, Plugin
from benben.kernel.problems import FieldError, InvalidInput, Problem
from benben.kernel.request import Request
from benben.kernel.settings import Choice, Setting, Settings, Switch, Text, Values, Whole, Words

__all__ = [
    "Assembly",
    "Choice",
    "ConfigurationMistakes",
    "FieldError",
    "InvalidInput",
    "Mistake",
    "Permission",
    "Plugin",
    "Problem",
    "Request",
    "Setting",
    "Settings",
    "Switch",
    "Text",
    "Values",
    "Whole",
    "Words",
    "assemble",
]
