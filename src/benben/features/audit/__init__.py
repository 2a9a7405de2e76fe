"""Who did what to which row: a record that only grows, chained by hashes.

Switch on with ``plugin.audit = on``; needs its tables. Each change of a row, by whichever way, is
written down with what the row was and is, in the same transaction: a change that cannot be recorded
is not made. Served to administrators as ``/audit``; ``benben audit verify INI`` finds an entry that
was changed or removed behind the server's back.

Other features have something recorded by the event of `benben.features.audit.interfaces`.
"""

from typing import Any

from benben.features.audit.schemas import audit_resource
from benben.features.audit.services import Recorder
from benben.features.audit.settings import AuditSettings, audit_mistakes
from benben.kernel.plugin import Plugin
from benben.resource.events import ResourceChanged
from benben.security.audited import Audited
from benben.security.events import LoginAttempted

PLUGIN = Plugin(
    name="audit",
    summary="Who did what to which row.",
    settings=(AuditSettings,),
    migrations="benben.features.audit:migrations",
)


def includeme(config: Any) -> None:
    """Record what happens, and serve the records."""
    settings = config.add_plugin(PLUGIN)
    recorder = Recorder(config.registry, settings)
    config.add_resource(audit_resource())
    config.add_row_watch(recorder.keep)
    config.add_subscriber(recorder.record_change, ResourceChanged)
    config.add_subscriber(recorder.record_event, Audited)
    config.add_subscriber(recorder.record_login, LoginAttempted)
    config.add_check(audit_mistakes(settings))
