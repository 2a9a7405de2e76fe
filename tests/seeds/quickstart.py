"""The todo list of Flask-RESTful's quickstart, on Benben: two classes, a missing one, a rule with a sentence of its own."""

from __future__ import annotations

from typing import Any

from benben.kernel.problems import NotFound
from benben.rest.nodes import Node, Schema, String
from benben.rest.service import Service

TODOS = {"todo1": {"task": "build an API"}, "todo2": {"task": "?????"}}


class TaskSchema(Schema):
    task = Node(String(allow_blank=False), messages={"blank": "Task cannot be blank"})


class Todo:
    def __init__(self, request: Any) -> None:
        self.request, self.key = request, request.matchdict.get("key")
        if self.key is not None and self.key not in TODOS:
            raise NotFound(f"Todo {self.key} does not exist.")

    def get(self) -> Any:
        return TODOS[self.key]

    def put(self) -> Any:
        TODOS[self.key] = self.request.validated
        return TODOS[self.key], 201

    def delete(self) -> None:
        del TODOS[self.key]


class TodoList(Todo):
    def get(self) -> Any:
        return TODOS

    def post(self) -> Any:
        key = f"todo{len(TODOS) + 1}"
        TODOS[key] = self.request.validated
        return TODOS[key], 201, {"Location": self.request.route_path("todo", key=key)}


def includeme(config: Any) -> None:
    for name, path, klass, methods in (
        ("list", "/tasks", TodoList, "get post"),
        ("todo", "/tasks/{key}", Todo, "get put delete"),
    ):
        service = Service(name, path)
        for method in methods.split():
            service.add_view(method.upper(), method, klass=klass, schema=TaskSchema() if method in ("post", "put") else None)
        config.add_service(service)
