"""The database, whatever the rows are about.

database            transactions, and drivers' errors as ours
tables              the tables, with the rules that the database itself enforces
schema              which versions of them this code runs on, and migrating to the newest
clock               whose time counts: the database's

engine              the pool, its limits of time, and what SQLite and PostgreSQL need
beginning           a transaction's first message to PostgreSQL, and what is done if the connection has broken
patient_connection  a connection to PostgreSQL that gives up on a server that hangs
migration_lock      one process migrates at a time
planning            how a statement is held to its index
counting            counts that end
paging              lists that go on where the page before ended
forgetting          what was kept long enough is deleted, some rows at a time
"""
