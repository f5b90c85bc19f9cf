"""From the bytes of an upload to a stored job.

upload_deadline  how long a client may take
multipart        the parts of a body
options          what a client may ask for, in every spelling
tags             what a client calls a job
image_url        the address of a photo, instead of the photo
direct_upload    an upload that went to the object store itself
callbacks        who is told of a job's end
form             a typed request
idempotency      one job for a request that is sent twice
submission       object before row, row before message
"""
