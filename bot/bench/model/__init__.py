"""`easel bench --model`: how fast one model is on this machine, and what that costs.

It is drawn with in a worker process, as users get it; nothing is compared or judged.
"""
