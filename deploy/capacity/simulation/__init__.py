"""A day of an installation's workers, event by event, with a seed: it checks what the plan says.

load        when photos come: the day's curve, and bursts
line        what waits, and how long it did
policy      how many pods an autoscaler wants
autoscaler  how fast it gets them: KEDA and Kubernetes' HorizontalPodAutoscaler
fleet       pods that start, work, and are taken away
outcome     what came of it
trial       puts them together
study       the trials of docs/guides/scaling.md

It needs simpy, which neither a front end nor a worker has.
"""
