"""The workers: a job from its claim to its outputs, and the sweeper that cleans up after accidents.

`app` is the composition root, `job_runner` a job's life, `cutout` the image path, `sweeper` the second process.
"""
