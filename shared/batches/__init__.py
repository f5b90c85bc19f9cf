"""Batches: up to fifty thousand photos that are asked for at once, and wait outside of the queue until it has room.

batch       what one is: its states, its items, their ends
store       puts these together:
  receipt   a front end's statements while lines come in
  reading   what clients ask for
  progress  the sweeper's: items become jobs, and what became of those is counted
  clearing  the sweeper's: what broke off, was refused, or is past its time
rows        a row as a value, and back
tables      the two tables
telling     how a batch is told, by front ends and webhooks alike
"""
