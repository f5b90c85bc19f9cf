"""gunicorn, kept from letting one client slow others down.

gunicorn_worker  the worker class
connection       one client's bytes: fair reads, deadlines, slow readers
unreadable       an answer to what gunicorn cannot read
"""
