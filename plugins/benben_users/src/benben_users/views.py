"""Plain views of Pyramid: a context, a request, and what a renderer makes of the answer."""

from pyramid.response import Response

from benben.features.identity.interfaces import directory_of
from benben.rest.body import read_json
from benben.rest.negotiation import require_media_type
from benben.rest.service import JSON
from benben.rest.validation import validate
from benben_users.interfaces import INoteSchema
from benben_users.models import NoteRow

PAGE_SIZE = 100


def list_users(request):
    """List users, 100 at a time."""
    found = directory_of(request.registry).page(request.dbsession, after=request.GET.get("after", "")[:64], limit=PAGE_SIZE + 1)
    rest = found[PAGE_SIZE - 1].name if len(found) > PAGE_SIZE else None
    return {"items": [shown(account) for account in found[:PAGE_SIZE]], "next": rest}


def show_user(context, request):
    """Show one user."""
    return shown(context.account)


def list_notes(context, request):
    """List the notes of a user."""
    return {"items": [note(row) for row in context], "next": None}


def show_note(context, request):
    """Show one note."""
    return note(context.row)


def add_note(context, request):
    """Add a note."""
    require_media_type(request.environ.get("CONTENT_TYPE"), (JSON,), accept_header="Accept-Post")
    values = validate(request.registry.getUtility(INoteSchema), read_json(request.body))
    row = NoteRow(owner=context.owner, **values)
    request.dbsession.add(row)
    request.dbsession.flush()
    request.response.status_code = 201
    request.response.headers["Location"] = f"{request.path.rstrip('/')}/{row.id}"
    return note(row)


def remove_note(context, request):
    """Remove a note."""
    request.dbsession.delete(context.row)
    return Response(status=204, headerlist=[])


def shown(account):
    """Return what is told of a user."""
    return {"name": account.name, "email": account.email, "is_active": account.is_active}


def note(row):
    """Return what is told of a note."""
    return {"id": row.id, "title": row.title, "text": row.text, "is_shared": row.is_shared}
