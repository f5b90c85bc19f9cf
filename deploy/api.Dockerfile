# Front end, sweeper and `cutwork-admin`: all that needs no NumPy. From the root of the repository:
#
#     docker build -f deploy/api.Dockerfile -t cutwork-api .
#
# BASE is pinned by a tag, which its makers move to newer builds. To pin one build, name its digest:
# `docker buildx imagetools inspect debian:trixie-slim` prints the one of today, and
# `--build-arg BASE=docker.io/library/debian:trixie-slim@sha256:…` takes it. Take a new one each month, for its security
# updates. Python's packages are pinned by the hashes in deploy/locks.
ARG BASE=docker.io/library/debian:trixie-slim

FROM ${BASE} AS base
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates python3 tini \
    && rm -rf /var/lib/apt/lists/* /var/cache/ldconfig/aux-cache /var/log/* \
    && useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin cutwork \
    && rm -f /etc/passwd- /etc/group- /etc/shadow- /etc/gshadow- /etc/subuid- /etc/subgid-


FROM base AS packages
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3-venv \
    && python3 -m venv /pip \
    && python3 -m venv --without-pip /opt/cutwork
# Not as a mount of type bind: some builders take a layer from their cache although what was bound has changed.
COPY deploy/locks/api.txt deploy/locks/telemetry.txt /locks/
# With `--build-arg TELEMETRY=yes` it can send traces: CUTWORK_TRACES_URL.
ARG TELEMETRY=no
# Bytecode would make each image another one, by the time of its making.
RUN --mount=type=cache,target=/root/.cache/pip \
    /pip/bin/pip --python /opt/cutwork install --no-compile --require-hashes --only-binary=:all: \
        --requirement /locks/api.txt \
    && if [ "${TELEMETRY}" = yes ]; then \
        /pip/bin/pip --python /opt/cutwork install --no-compile --require-hashes --only-binary=:all: \
            --requirement /locks/telemetry.txt; fi \
    && printf '#!/opt/cutwork/bin/python\nfrom deploy.admin import main\n\nmain()\n' > /opt/cutwork/bin/cutwork-admin \
    && chmod 755 /opt/cutwork/bin/cutwork-admin


FROM base
ENV PATH=/opt/cutwork/bin:$PATH PYTHONPATH=/app PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
COPY --from=packages /opt/cutwork /opt/cutwork
WORKDIR /app
COPY LICENSE *.md ./
COPY docs docs
COPY migrations migrations
COPY deploy deploy
COPY shared shared
COPY worker/*.py worker/
COPY worker/sweeper worker/sweeper
COPY worker/webhooks worker/webhooks
COPY api api
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="cutwork-api" \
    org.opencontainers.image.description="Cutwork: front end, sweeper and cutwork-admin" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
USER 10001:10001
EXPOSE 8000
ENTRYPOINT ["tini", "--"]
CMD ["gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind", "0.0.0.0:8000", "api.wsgi:create_app()"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
