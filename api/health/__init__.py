"""What `/readyz` looks at.

readiness      each thing that the front end stands on, once a second
sweeper_watch  whether anybody sweeps
worker_watch   whether anybody works
"""
