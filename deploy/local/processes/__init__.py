"""Child processes: started, watched, started again, and never left behind.

process    one of them
output     where what it says goes
leash      ends it with whoever started it
interrupt  Ctrl-C: the first asks, the second ends
revival    starts again what ended though nobody asked it to
"""
