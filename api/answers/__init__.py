"""What a client is told.

envelope        every JSON answer, success or error
deliveries      what became of webhooks
error_handlers  error to HTTP, the one table
cross_origin    whose pages may use the API from a browser
job_items       jobs in lists
listing         pages of jobs
job_ids         jobs that a client names
job_id          ids as clients send them
prefer_header   how long a client would wait for a POST
wait_parameter  and for a GET
long_poll       waiting for jobs without asking the database all the time
queue_forecast  a job's place, an estimate, and when to come again
"""
