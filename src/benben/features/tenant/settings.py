"""What an operator can set of tenants."""

from __future__ import annotations

from benben.kernel import Setting, Settings, Text, Whole


class TenantSettings(Settings):
    """``tenant.*``."""

    prefix = "tenant"

    claim = Setting(
        Text("the name of a claim, or nothing", shortest=0),
        default="tenant",
        help="The claim of a token that names one tenant, or a list of them.",
    )
    header = Setting(
        Text("the name of a header, or nothing", shortest=0),
        default="X-Tenant",
        help="The header by which a caller of several tenants chooses one.",
    )
    recheck = Setting(
        Whole(1, 300), default=2, unit="s", help="For how long each process may use what it has read of somebody's memberships."
    )
