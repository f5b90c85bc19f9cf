"""The workers: a job from its claim to its outputs, and the sweeper that cleans up after accidents.

`app` is the composition root; a message is read in `messages`, a job lived in `jobs`, a photo cut out in `imaging` with
what `network` sees in it. `sweeper` is the second process.
"""
