"""The whole topology on one machine, without root and without containers.

`python -m deploy.local` is what `make run` runs. The tests use the servers of this package one by one.
"""
