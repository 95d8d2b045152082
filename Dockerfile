# syntax=docker/dockerfile:1
# CPU:  docker build --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cpu -t easel .
# GPU:  docker build -t easel .      then run with --gpus all
FROM python:3.12-slim AS build
ARG TORCH_INDEX=""
WORKDIR /src
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY constraints.txt ./
RUN pip install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} "$(grep '^torch==' constraints.txt)"
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY cogs cogs
# spandrel without torchvision, which nothing here needs and which may not fit this torch.
RUN pip install -c constraints.txt ".[cluster,safety${TORCH_INDEX:+,cpu}]" \
    && pip install --no-deps -c constraints.txt einops spandrel

FROM python:3.12-slim
RUN useradd --no-create-home --home-dir /data --uid 1000 easel \
    && mkdir /data /models && chown easel /data /models
COPY --from=build /venv /venv
# Whatever an --env-file sets, data stays on the volume: a relative path and ~ lead there, and the
# user can write nowhere else.
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOME=/data \
    DATA_DIR=/data \
    MODEL_CACHE=/models \
    MODELS_DIR=/models \
    HEALTH_PORT=8080
USER 1000
WORKDIR /data
VOLUME ["/data", "/models"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["easel", "health"]
ENTRYPOINT ["easel"]
CMD ["run"]
