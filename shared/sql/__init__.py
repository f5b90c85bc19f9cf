"""What `shared.database` and `shared.schema` stand on.

engine              the pool, its limits of time, and what SQLite and PostgreSQL need
patient_connection  a connection to PostgreSQL that gives up on a server that hangs
migration_lock      one process migrates at a time
planning            how a statement is held to its index
paging              lists that go on where the page before ended
"""
