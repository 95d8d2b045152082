"""The only package that imports Ray, for processes of its own: the bridge between a bot and the
cards of a cluster, and what the command line asks of one. Ray ends its driver when the cluster's
head goes away, so it is never let into the bot's own process.
"""
