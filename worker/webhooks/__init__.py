"""Webhooks: the end of a job is sent to its `callback_url` until it has arrived (Standard Webhooks).

sender    takes what is due, and sends it
subjects  what a delivery is about: a job, or a batch
lanes     how much goes to one host at a time
message   body and headers of one try
schedule  when the next try is
metrics   what is counted of it
"""
