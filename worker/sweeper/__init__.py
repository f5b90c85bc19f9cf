"""The second process: what accidents and time leave behind. Any number may run.

app        the composition root: its threads (that of `worker.webhooks` among them), and their end
sweep      one sweep: rescue, publish again, expire, prune
retention  what waits for the object store, in a thread of its own
batch_keeper  lets items of batches into the queue, and counts what has ended
queue_room    how many of them
sampler    keeps how the installation was, once a minute
steps      runs what one round is made of, whatever store is away
rounds     a thread that repeats something, and how it is noticed that it hangs
"""
