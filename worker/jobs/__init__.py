"""A job in a worker, from its claim to its end.

runner          the attempt, and the one place that decides between failing and trying again
precedence      which queue is looked into first
lease           the heartbeat that keeps a job this worker's
quarantine      who was cut off before runs alone
database_retry  writing the end while the database is away
"""
