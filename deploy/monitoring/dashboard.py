"""The dashboard for Grafana: from how long people wait, at the top, down to what each process does."""

from __future__ import annotations

import json
from collections.abc import Mapping

from deploy.monitoring.panels import DATASOURCE, Json, Row, lay_out, number, plot

_OURS = 'error_code=~"PROCESSING_FAILURE|AI_SERVICE_TIMEOUT"'
_RATE = "[$__rate_interval]"


def _rate(series: str, by: str = "") -> str:
    grouped = f"sum by ({by})" if by else "sum"
    return f"{grouped} (rate({series}{_RATE}))"


def _a_minute(series: str, by: str = "") -> str:
    return f"60 * {_rate(series, by)}"


def _quantile(share: float, histogram: str, by: str = "") -> str:
    labels = ", ".join(filter(None, ("le", by)))
    return f"histogram_quantile({share}, {_rate(f'{histogram}_bucket', labels)})"


def _quantiles(histogram: str) -> Mapping[str, str]:
    return {
        "half of them": _quantile(0.5, histogram),
        "95 %": _quantile(0.95, histogram),
        "99 %": _quantile(0.99, histogram),
    }


def _mean(histogram: str, by: str = "") -> str:
    return f"{_rate(f'{histogram}_sum', by)} / {_rate(f'{histogram}_count', by)}"


_NOW = Row(
    "Now",
    [
        number(
            "Oldest job that waits",
            "max(cutwork_oldest_queued_job_age_seconds)",
            "s",
            (60, 300),
            "What people feel. It is an alarm from five minutes on.",
        ),
        number("Jobs that wait", 'max(cutwork_jobs{status="queued"})'),
        number("Jobs that are worked on", 'max(cutwork_jobs{status="processing"})'),
        number("Photos in, a minute", "60 * sum(rate(cutwork_jobs_accepted_total[5m]))"),
        number("Photos out, a minute", "60 * sum(rate(cutwork_jobs_finished_total[5m]))"),
        number(
            "Failed by us",
            f"sum(rate(cutwork_jobs_finished_total{{{_OURS}}}[10m])) / sum(rate(cutwork_jobs_finished_total[10m]))",
            "percentunit",
            (0.001, 0.01),
            "Jobs whose attempts or time were spent. What is wrong with a photo is not among them.",
        ),
        number("Workers", "count(cutwork_worker_info) or vector(0)"),
        number(
            "Busy",
            "sum(cutwork_worker_busy_slots) / sum(cutwork_worker_slots)",
            "percentunit",
            meaning="Of all jobs that the workers may work on at once.",
        ),
    ],
)
_QUEUE = Row(
    "The queue",
    [
        plot(
            "Age of the oldest job that waits",
            {"age": "max(cutwork_oldest_queued_job_age_seconds)"},
            "s",
        ),
        plot("Live jobs", {"{{status}}": "max by (status) (cutwork_jobs)"}),
        plot(
            "Photos a minute",
            {
                "in, {{queue}}": _a_minute("cutwork_jobs_accepted_total", "queue"),
                "out": _a_minute("cutwork_jobs_finished_total"),
            },
        ),
    ],
)
_TIMES = Row(
    "How long a job takes",
    [
        plot("Until its first attempt", _quantiles("cutwork_job_queue_seconds"), "s"),
        plot("An attempt", _quantiles("cutwork_job_run_seconds"), "s"),
        plot(
            "From acceptance to end",
            _quantiles("cutwork_job_end_to_end_seconds"),
            "s",
            "With all attempts and all waiting between them.",
        ),
        plot(
            "How jobs end, a minute",
            {
                "{{outcome}} {{error_code}}": _a_minute(
                    "cutwork_jobs_finished_total", "outcome, error_code"
                )
            },
        ),
    ],
)
_REQUESTS = Row(
    "Front end: requests",
    [
        plot(
            "Answers a second",
            {"{{status}}": _rate("cutwork_http_requests_total", "status")},
            "reqps",
        ),
        plot(
            "95 % are answered within",
            {
                "{{method}} {{route}}": _quantile(
                    0.95, "cutwork_http_request_duration_seconds", "method, route"
                )
            },
            "s",
            "With the upload of the body, and with all waiting for a job.",
        ),
        plot(
            "Refused, a minute",
            {"{{error_code}}": _a_minute("cutwork_http_requests_refused_total", "error_code")},
        ),
    ],
)
_UPLOADS = Row(
    "Front end: uploads",
    [
        plot(
            "Going on",
            {
                "requests": "sum(cutwork_http_requests_in_progress)",
                "those that wait for a job": "sum(cutwork_waits_in_progress)",
            },
        ),
        plot("Uploaded a second", {"bytes": _rate("cutwork_upload_bytes_sum")}, "Bps"),
        plot("Size of a photo", {"mean": _mean("cutwork_upload_bytes")}, "bytes"),
        plot(
            "Messages that Redis did not take, a minute",
            {"messages": _a_minute("cutwork_publish_failures_total")},
        ),
    ],
)
_WORKERS = Row(
    "Workers",
    [
        plot(
            "Attempts a minute",
            {"{{outcome}}": _a_minute("cutwork_job_attempts_total", "outcome")},
        ),
        plot(
            "Parts of an attempt, mean",
            {"{{stage}}": _mean("cutwork_job_stage_seconds", "stage")},
            "s",
        ),
        plot(
            "Places",
            {
                "all": "sum(cutwork_worker_slots)",
                "busy": "sum(cutwork_worker_busy_slots)",
            },
        ),
        plot(
            "Workers by network",
            {"{{model}} on {{provider}}": "count by (model, provider) (cutwork_worker_info)"},
        ),
    ],
)
_NETWORK = Row(
    "Workers: the network",
    [
        plot("A run", _quantiles("cutwork_inference_duration_seconds"), "s"),
        plot(
            "Frames a run",
            {
                "mean": f"{_rate('cutwork_inference_requests_total')} / "
                f"{_rate('cutwork_inference_duration_seconds_count')}"
            },
            meaning="More than one on a GPU alone.",
        ),
        plot(
            "Megapixels a second",
            {"photos": f"{_rate('cutwork_photo_pixels_total')} / 1e6"},
        ),
        plot(
            "Messages that found nothing to do, a minute",
            {"messages": _a_minute("cutwork_duplicate_deliveries_total")},
        ),
    ],
)
_SWEEPER = Row(
    "Sweeper",
    [
        plot(
            "Mended, a minute",
            {
                "taken from a dead worker": _a_minute("cutwork_jobs_rescued_total"),
                "published again": _a_minute("cutwork_jobs_republished_total"),
            },
        ),
        plot(
            "Since its last round",
            {
                "{{work}}": "time() - (max by (work) (cutwork_sweeper_last_round_timestamp_seconds) > 0)"
            },
            "s",
            meaning="Without a fault.",
        ),
        plot(
            "Left to the next round, a minute",
            {"{{step}}": _a_minute("cutwork_sweeper_failures_total", "step")},
            meaning="Because a store was away.",
        ),
        plot(
            "Rounds with a fault, a minute",
            {"{{work}}": _a_minute("cutwork_sweeper_faults_total", "work")},
            meaning="For a reason that nobody foresaw: the log has it.",
        ),
        plot(
            "Webhooks a minute",
            {"{{outcome}}": _a_minute("cutwork_webhook_tries_total", "outcome")},
        ),
    ],
)
_PROCESSES = Row(
    "Processes",
    [
        plot(
            "Cores in use",
            {
                "{{job}} {{instance}}": f'rate(process_cpu_seconds_total{{job=~"cutwork-.*"}}{_RATE})'
            },
        ),
        plot(
            "Memory",
            {"{{job}} {{instance}}": 'process_resident_memory_bytes{job=~"cutwork-.*"}'},
            "bytes",
        ),
    ],
)

_ROWS = (
    *(_NOW, _QUEUE, _TIMES, _REQUESTS, _UPLOADS),
    *(_WORKERS, _NETWORK, _SWEEPER, _PROCESSES),
)

#: A network that no worker ran five minutes ago, as a line in all plots.
_CHANGES: Json = {
    "name": "Networks",
    "enable": True,
    "iconColor": "purple",
    "datasource": dict(DATASOURCE),
    "expr": "count by (model, provider) (cutwork_worker_info) "
    "unless count by (model, provider) (cutwork_worker_info offset 5m)",
    "titleFormat": "{{model}} on {{provider}}",
    "step": "1m",
}


def dashboard() -> Json:
    """Describe the whole dashboard."""
    chosen = {
        "name": "datasource",
        "label": "Prometheus",
        "type": "datasource",
        "query": "prometheus",
    }
    return {
        "uid": "cutwork",
        "title": "Cutwork",
        "tags": ["cutwork"],
        "editable": False,
        "schemaVersion": 39,
        "version": 1,
        "timezone": "browser",
        "time": {"from": "now-1h", "to": "now"},
        "refresh": "30s",
        "graphTooltip": 1,
        "templating": {"list": [chosen]},
        "annotations": {"list": [_CHANGES]},
        "panels": list(lay_out(_ROWS)),
    }


def as_text() -> str:
    """Write it as the file that Grafana is given."""
    return json.dumps(dashboard(), indent=2) + "\n"
