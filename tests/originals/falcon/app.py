"""Quotes as Falcon's quickstart has them, with what its documentation says of media and errors."""

import sys
from wsgiref.simple_server import WSGIServer, make_server

import falcon

QUOTES = [{"quote": "The only way to learn a new programming language is by writing programs in it.", "author": "Dennis Ritchie"}]


class QuoteResource:
    def on_get(self, req, resp):
        wanted = req.get_param("author")
        found = [quote for quote in QUOTES if wanted in (None, quote["author"])]
        if not found:
            raise falcon.HTTPNotFound
        resp.media = found[0]

    def on_post(self, req, resp):
        media = req.get_media()
        if not isinstance(media, dict) or not all(isinstance(media.get(name), str) for name in ("quote", "author")):
            raise falcon.HTTPBadRequest(title="quote and author are needed")
        QUOTES.append(media)
        resp.media, resp.status = media, falcon.HTTP_201


app = falcon.App()
app.add_route("/quote", QuoteResource())

if __name__ == "__main__":
    WSGIServer.allow_reuse_address = True
    make_server("127.0.0.1", int(sys.argv[1]), app).serve_forever()
