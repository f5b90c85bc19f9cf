"""What a process tells Prometheus.

registry  where its metrics are kept, and those of the processes beside it
slot      which of several like processes it is
server    the port at which it is asked
jobs      what more than one kind of process counts
"""
