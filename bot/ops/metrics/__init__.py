"""Prometheus metrics: counted as things happen, read from snapshots when they are asked for.

`counts` hears news, `families` spells numbers as Prometheus has them, `page` puts everything
together; `dashboard.json` and `alerts.yaml` are for who looks at it.
"""
