"""The servers that Cutwork stands on, out of wheels.

server                     what they have in common: a wheel, a port, a directory, a process; ports and health
seaweedfs, valkey, postgres  the object store, the broker, the database
s3_identities              who may do what in which bucket
mutual_tls                 certificates for servers that talk to each other alone
"""
