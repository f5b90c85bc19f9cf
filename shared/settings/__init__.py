"""All settings, a file for each part of the system.

settings  puts them together, and reads the environment

database, front_end, jobs, logs, metrics, outgoing, stores, worker: a class each. Its docstring is its heading in
docs/reference/settings.md. What must fit together is checked where it stands.

bounds    numbers with limits
origins   origins of web pages
"""
