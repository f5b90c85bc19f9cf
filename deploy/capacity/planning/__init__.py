"""From a demand and unit costs to a plan: pure functions, and values that say what is needed.

seconds    how long cores are busy with a photo
computers  the pods of each process, on CPUs or with GPUs
database   what PostgreSQL has to hold and to do
stores     Redis or Valkey, and the object store
walls      what stands still first, and at how many photos a day
bill       what all of it costs
plan       puts them together, in as many whole installations as it takes
"""
