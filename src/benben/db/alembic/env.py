"""Alembic's environment, the same for every plugin; the caller passes the connection."""

from alembic import context

from benben.db.scripts import run_environment

run_environment(context.config)
