"""gunicorn, and what it lets clients cost each other.

gunicorn_worker  the worker class
connection       one client's bytes: fair reads, deadlines, slow readers
unreadable       an answer to what gunicorn cannot read
"""
