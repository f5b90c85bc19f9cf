"""Who uses an installation.

api_key    what a key is: whose it is, what it may do, and until when
key_text   the text that its holder has
key_store  all SQL on keys
key_rows   a row as a value, and back
audit      the audit log: who did what to keys, webhooks and others' jobs
usage      what a tenant used on a day
"""
