"""The todo list of the quickstart: two resources, a parser with a sentence, abort."""

import sys

from flask import Flask
from flask_restful import Api, Resource, abort, reqparse

app = Flask(__name__)
api = Api(app)
TODOS = {}
parser = reqparse.RequestParser()
parser.add_argument("task", type=str, required=True, nullable=False, help="Task cannot be blank")


def find(key):
    if key not in TODOS:
        abort(404, message=f"Todo {key} doesn't exist")
    return TODOS[key]


class Todo(Resource):
    def get(self, key):
        return find(key)

    def delete(self, key):
        find(key)
        del TODOS[key]
        return "", 204

    def put(self, key):
        TODOS[key] = {"id": key, "task": parser.parse_args()["task"]}
        return TODOS[key], 201


class TodoList(Resource):
    def get(self):
        return {"items": list(TODOS.values())}

    def post(self):
        task = parser.parse_args()["task"]
        key = len(TODOS) + 1
        TODOS[key] = {"id": key, "task": task}
        return TODOS[key], 201, {"Location": api.url_for(Todo, key=key)}


api.add_resource(TodoList, "/todos")
api.add_resource(Todo, "/todos/<int:key>")

if __name__ == "__main__":
    app.run(port=int(sys.argv[1]))
