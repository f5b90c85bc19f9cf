"""The job table: all SQL on jobs, by who asks.

submission   a client's requests, through the front end: create, find, erase
listing      a client's lists
leases       a worker's: claim, extend, and the ends of an attempt
sweeping     the sweeper's: what accidents and time leave behind
for_batches  what the tables of batches do to jobs
depth        how long the queues are, and whether they move
overseeing   an operator's questions about all tenants' jobs
store        puts these together

turns        whose turn it is: the order in which jobs are claimed
matching     which jobs an operator means
history      what happened to a job, as its row has it
life         that, and what the row's times tell, in order
transitions  the guards and changes that those are made of
rows         a row as a value, and back
job_table    what those share: the database, the limits of a job's life, the clock
limits       how long and how often a job may be tried
backlog      how long a queue is, and how fast it moves
envelope     how a job is told, by front ends and webhooks alike
"""
