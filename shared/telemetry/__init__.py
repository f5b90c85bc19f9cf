"""What a process tells of itself.

logs         one line an event
liveness     a file that is touched as long as the process is well

registry     where its metrics are kept, and those of the processes beside it
slot         which of several like processes it is
telling      their text, written for one after the other
server       the port at which Prometheus asks
job_metrics  what more than one kind of process counts
"""
