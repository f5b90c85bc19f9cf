"""The composition root of the front end."""

from __future__ import annotations

from functools import partial

from flask import Flask, Response, request

from api import metrics, request_names
from api.admission import auth, quotas
from api.admission.backlog_gauge import BacklogGauge
from api.answers import cross_origin, error_handlers, problem
from api.answers.envelope import Means, for_job, for_job_in_full
from api.answers.queue_forecast import QueueForecast
from api.health.readiness import Readiness
from api.intake.callbacks import Callbacks
from api.intake.fields import modern_rules
from api.intake.form import MAX_BODY_BYTES
from api.intake.parameters import Received
from api.openapi.document import create_document
from api.routes import (
    archive,
    audit,
    batches,
    cutout,
    deliveries,
    documents,
    health,
    jobs,
    keys,
    openapi,
    ops,
    page,
    query,
    results,
    uploads,
    usage,
)
from api.services import Services
from shared.settings.settings import Settings
from shared.wire.presets import load_presets

#: Answers hold URLs that work without a key: nobody but the client may keep or pass them on.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def create_app(settings: Settings, services: Services) -> Flask:
    """Put the front end together; nothing is connected or started."""
    app = Flask("cutwork", static_folder=None)
    app.request_class = Received
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    # An OPTIONS is a method that is not allowed, as any other, unless it is a preflight: answers are envelopes.
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    # Otherwise `//healthz` is a redirect, which is no envelope either.
    app.url_map.merge_slashes = False
    app.json.sort_keys = False  # type: ignore[attr-defined]
    request_names.name_requests(app)
    metrics.measure(app)
    cross_origin.share(app, settings.page_origins)
    auth.protect(app, settings, services.key_store, services.last_uses)
    gauge = BacklogGauge(settings, services.job_store, services.backlog_cache)
    quotas.protect(app, settings, services, gauge)
    error_handlers.handle(app)
    problem.tell(app, settings.public_path)
    app.after_request(_add_headers)
    app.after_request(partial(_say_where, settings.public_path))
    means = Means(
        sign=lambda job, name: services.object_store.sign_result(
            job, name, request.headers.get("Host", "")
        ),
        foresee=QueueForecast(settings, services.job_store, gauge).of,
    )
    presets = load_presets(settings.presets)
    describe, describe_in_full = partial(for_job, **means), partial(for_job_in_full, **means)
    app.register_blueprint(cutout.create_blueprint(settings, services, describe))
    app.register_blueprint(query.create_blueprint(services, describe))
    rules_for = modern_rules(settings, presets)
    app.register_blueprint(jobs.create_blueprint(services, describe_in_full, rules_for))
    app.register_blueprint(
        batches.create_blueprint(settings, services, describe_in_full, rules_for)
    )
    app.register_blueprint(results.create_blueprint(services))
    app.register_blueprint(archive.create_blueprint(services))
    app.register_blueprint(uploads.create_blueprint(settings, services))
    app.register_blueprint(deliveries.create_blueprint(services))
    app.register_blueprint(usage.create_blueprint(services))
    app.register_blueprint(keys.create_blueprint(settings, services, Callbacks(settings)))
    app.register_blueprint(audit.create_blueprint(services))
    app.register_blueprint(ops.create_blueprint(services))
    document = create_document(sorted(presets), settings.public_path)
    app.register_blueprint(openapi.create_blueprint(document))
    app.register_blueprint(documents.create_blueprint(document, settings.public_path))
    app.register_blueprint(health.create_blueprint(Readiness(settings, services)))
    app.register_blueprint(page.create_blueprint(services.object_store, presets))
    return app


def _say_where(public_path: str, response: Response) -> Response:
    """Name places as they are called in front of the proxy."""
    if "Location" in response.headers:
        response.headers["Location"] = public_path + response.headers["Location"]
    if "Link" in response.headers:
        response.headers["Link"] = response.headers["Link"].replace("<", f"<{public_path}", 1)
    return response


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response
