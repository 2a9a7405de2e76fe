"""What a path leads to; each says itself who may do what with it."""

from pyramid.authorization import ALL_PERMISSIONS, DENY_ALL, Allow, Authenticated
from pyramid.httpexceptions import HTTPNotFound
from sqlalchemy import select

from benben.features.identity.interfaces import directory_of
from benben_users.models import NoteRow

ADMIN = (Allow, "role:admin", ALL_PERMISSIONS)


class Person:
    """A user; everybody sees themselves, the administrator everybody.

    Raises: HTTPNotFound: there is nobody of this name, to whoever may see all; others learn nothing.
    """

    def __init__(self, request):
        self.request = request
        self.name = request.matchdict["name"]
        self.__acl__ = [(Allow, f"user:{self.name}", "users.read"), ADMIN, DENY_ALL]

    @property
    def account(self):
        """Return what is known of the user."""
        found = directory_of(self.request.registry).find(self.request.dbsession, self.name)
        if found is None:
            raise HTTPNotFound()
        return found


class Notes:
    """The notes of a user, by their numbers."""

    __parent__ = None

    def __init__(self, request):
        self.request = request
        self.owner = self.__name__ = request.matchdict["name"]
        own = (Allow, f"user:{self.owner}", ("users.note.read", "users.note.write"))
        self.__acl__ = [own, (Allow, "role:admin", "users.note.read"), DENY_ALL]

    def __getitem__(self, number):
        row = self.request.dbsession.get(NoteRow, int(number)) if number.isdigit() and len(number) < 10 else None
        if row is None or row.owner != self.owner:
            raise KeyError(number)
        return Note(self, row)

    def __iter__(self):
        wanted = select(NoteRow).where(NoteRow.owner == self.owner).order_by(NoteRow.id).limit(1000)
        return iter(self.request.dbsession.scalars(wanted))


class Note:
    """One note; one that is shared may be read by everybody who is known."""

    def __init__(self, parent, row):
        self.__parent__, self.__name__, self.row = parent, str(row.id), row

    def __acl__(self):
        """Return who may do what with it; what is not said here its parent says."""
        shared = [(Allow, Authenticated, "users.note.read")] if self.row.is_shared else []
        return [*shared, *self.__parent__.__acl__]
