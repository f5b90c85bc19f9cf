"""Who is served, and how much of it: decided before any of a body is read.

auth            whose request it is; familiar_keys remembers, keyless is who is served before there is a key
scopes          what a key must be allowed to do, for each route; last_uses remembers when one was used
quotas          what one tenant, and all of them together, may ask for
rate_limiter    requests a minute; rate_limit_fields says what is left of them
backlog_gauge   the length of the queue; backlog_cache shares it between processes
"""
