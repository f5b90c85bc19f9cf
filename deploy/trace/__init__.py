"""`cutwork-admin trace`: the life of one job, by its row and by what processes logged.

command    what is printed
log_lines  the lines of logs that tell of it
"""
