"""Drawing behind one seam: `Executor` (async, in the bot) and `Engine` (blocking, in a worker)."""
