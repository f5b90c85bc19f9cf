"""The whole topology on one machine, without root and without containers.

`python -m deploy.local` is what `make run` runs. The tests use the servers of this package one by one.

supervisor                 starts everything, keeps it up, and stops it
servers/, processes/       what it starts, and how
address, data_directory    where it listens, and where it keeps what it knows
environment                the settings that it gives to its processes
relay                      passes what comes from outside on to a port of this machine
greeting                   what the user sees when all is up
"""
