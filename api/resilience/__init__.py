"""What keeps a slow server behind the front end from slowing it down.

turnstile        so many at once, and a bounded line, fair by tenant; database_turnstile is every transaction's
circuit_breaker  who does not answer is left alone for a moment; redis_pool is Redis behind one
bulkhead         waiting slots, shared by tenant
"""
