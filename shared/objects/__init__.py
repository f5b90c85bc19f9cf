"""The object store: inputs and results as bytes.

store                 what is kept where, and how its URLs are signed

s3_client             minio's client, with an end to every call
bucket_configuration  our rule among the operator's own: lifecycle_rule (how a bucket forgets), cors_rule (whose pages
                      may use it)
pages                 whether they may, whoever allowed it
public_endpoint       the host that stands in signed URLs
"""
