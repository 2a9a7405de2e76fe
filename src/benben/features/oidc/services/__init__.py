"""Providers, what they say, and what is made of it."""

from benben.features.oidc.services.bearer import ProviderBearer
from benben.features.oidc.services.flow import Flow
from benben.features.oidc.services.providers import Provider, Providers, read_providers

__all__ = ["Flow", "Provider", "ProviderBearer", "Providers", "read_providers"]
