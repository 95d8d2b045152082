"""Gateway processes: they hold the connections to Discord of a bot that is too large for one.

A process keeps the WebSockets of some shards and hands on what comes, as it came, to the one core
that owns queue, ledger and everything else. It asks Discord for nothing and knows no feature.
"""
