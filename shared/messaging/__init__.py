"""Redis between front ends and workers. All of it may be lost: the job table is the truth.

broker         Celery's settings, the names of queues, and publishing in bounded time
messages       Celery's messages, many at a time
announcements  the channel on which workers say that a job has finished
"""
