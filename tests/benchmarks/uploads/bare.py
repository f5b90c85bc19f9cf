"""The least that takes a photo: Flask's own parser, and an object in the same store."""

from __future__ import annotations

import uuid

from flask import Flask, request

from shared.objects.store import ObjectStore
from shared.settings.settings import load_settings


def create_app() -> Flask:
    """Make it."""
    app = Flask(__name__)
    store = ObjectStore(load_settings())

    @app.get("/readyz")
    def say_ready() -> dict[str, bool]:
        return {"ok": True}

    @app.post("/")
    def take() -> dict[str, str]:
        photo_id = uuid.uuid4()
        store.put_input(photo_id, request.files["image"].read())
        return {"id": str(photo_id)}

    return app
