"""Messages, each of which says that one more job waits.

consumer  how they are read: gone when they are read, whatever is in them
hearing   whether they are heard at all
"""
