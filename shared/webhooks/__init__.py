"""What is owed to whoever gave a `callback_url`: one delivery a job, from the job's end until it has arrived.

delivery   one of them as a value
deliveries all SQL on them
signature  by which receivers know that one is ours
"""
