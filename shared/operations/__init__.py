"""How a whole installation is, for who looks after it: the page `/ops`, and `cutwork-admin top`.

overview  all of it at this moment, and what is wrong
alarms    when a number is a bad one, and which page says what to do
series    how it was, minute by minute
samples   the table that holds that: all SQL on it
fleet     the workers' signs of life, in Redis
tables    the table's description
"""
