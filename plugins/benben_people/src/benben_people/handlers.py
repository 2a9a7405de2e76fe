"""One function for each operation of ``people.yaml``; arguments are named as there."""

from __future__ import annotations

from sqlalchemy import select

from benben.kernel.problems import NotFound
from benben_people.models import Person


def list_people(request, limit, offset, lname=None):
    """Return a page of people in the order of their names."""
    statement = select(Person).order_by(Person.lname, Person.fname, Person.id).limit(limit).offset(offset)
    if lname is not None:
        statement = statement.where(Person.lname == lname)
    return [shown(person) for person in request.dbsession.scalars(statement)]


def get_person(request, person_id):
    """Return one person."""
    return shown(found(request, person_id))


def put_person(request, person_id, body):
    """Create a person under this key, or replace who is there."""
    person = request.dbsession.get(Person, person_id)
    status = 200 if person else 201
    if person is None:
        person = Person(id=person_id)
        request.dbsession.add(person)
    person.fname, person.lname = body["fname"], body["lname"]
    request.dbsession.flush()
    return shown(person), status


def delete_person(request, person_id):
    """Remove a person."""
    request.dbsession.delete(found(request, person_id))


def found(request, person_id):
    """Return the row of a person.

    Raises: NotFound.
    """
    person = request.dbsession.get(Person, person_id)
    if person is None:
        raise NotFound("There is no such person.")
    return person


def shown(person):
    """Return a person as the contract has it."""
    return {"id": person.id, "fname": person.fname, "lname": person.lname, "timestamp": person.timestamp}
