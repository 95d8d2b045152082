# syntax=docker/dockerfile:1
# CPU:  docker build --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cpu -t easel .
# GPU:  docker build -t easel .      then run with --gpus all
FROM python:3.12-slim AS build
ARG TORCH_INDEX=""
WORKDIR /src
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY constraints.txt ./
RUN if [ -n "$TORCH_INDEX" ]; then pip install --index-url "$TORCH_INDEX" torch==2.13.0; \
    else pip install torch==2.13.0; fi
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY cogs cogs
RUN pip install -c constraints.txt .

FROM python:3.12-slim
RUN useradd --create-home --uid 1000 easel && mkdir /data /models && chown easel /data /models
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data \
    MODEL_CACHE=/models \
    HEALTH_PORT=8080
USER 1000
WORKDIR /home/easel
VOLUME ["/data", "/models"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", \
    "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["easel"]
CMD ["run"]
