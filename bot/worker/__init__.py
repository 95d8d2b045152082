"""The child's side of the seam: everything that runs in a worker process, torch included."""
