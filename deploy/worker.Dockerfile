# The worker, for one of two devices. From the root of the repository:
#
#     docker build -f deploy/worker.Dockerfile -t cutwork-worker .
#     docker build -f deploy/worker.Dockerfile -t cutwork-worker-gpu --build-arg DEVICE=cuda .
#
# DEVICE is what `CUTWORK_EXECUTION_PROVIDER` will say, and picks the lock. CUDA and cuDNN come with the packages of that
# for a GPU, so it needs no base of NVIDIA's: that would bring both a second time. Which GPU a container sees is said where
# it is started (`--gpus`, Compose, Kubernetes). How BASE is pinned, and renewed, stands in deploy/api.Dockerfile.
ARG BASE=docker.io/library/debian:trixie-slim
ARG DEVICE=cpu

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
COPY deploy/locks/worker-*.txt deploy/locks/telemetry.txt /locks/
ARG DEVICE
ARG TELEMETRY=no
RUN --mount=type=cache,target=/root/.cache/pip \
    case "${DEVICE}" in cpu) lock=worker-cpu.txt ;; cuda) lock=worker-gpu.txt ;; *) lock="${DEVICE}" ;; esac \
    && /pip/bin/pip --python /opt/cutwork install --no-compile --require-hashes --only-binary=:all: \
        --requirement "/locks/${lock}" \
    && if [ "${TELEMETRY}" = yes ]; then \
        /pip/bin/pip --python /opt/cutwork install --no-compile --require-hashes --only-binary=:all: \
            --requirement /locks/telemetry.txt; fi \
    && printf '#!/opt/cutwork/bin/python\nfrom deploy.admin import main\n\nmain()\n' > /opt/cutwork/bin/cutwork-admin \
    && chmod 755 /opt/cutwork/bin/cutwork-admin


FROM base
ARG DEVICE
ENV PATH=/opt/cutwork/bin:$PATH PYTHONPATH=/app PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
ENV CUTWORK_EXECUTION_PROVIDER=${DEVICE} CUTWORK_LIVENESS_FILE=/tmp/alive
COPY --from=packages /opt/cutwork /opt/cutwork
WORKDIR /app
COPY LICENSE *.md ./
COPY docs docs
COPY migrations migrations
COPY deploy deploy
COPY shared shared
COPY worker worker
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="cutwork-worker" \
    org.opencontainers.image.description="Cutwork: worker (${DEVICE})" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
USER 10001:10001
ENTRYPOINT ["tini", "--"]
CMD ["python", "-m", "worker"]
# On a GPU all shapes are tried before the first photo.
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 \
    CMD ["sh", "-c", "test -n \"$(find \"$CUTWORK_LIVENESS_FILE\" -mmin -1)\""]
