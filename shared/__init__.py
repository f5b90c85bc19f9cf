"""What the front end and the workers must agree on. Nothing here knows Flask, NumPy or ONNX Runtime.

What every folder may know:
  errors       the error catalogue, and the exceptions that carry its codes
  job          what a job is
  wire/        the words that clients write and read
In this order, each may know those before it:
  image_files/ what an image file says of itself
  outgoing/    calls to what a client names
  settings/    all settings
  telemetry/   logs, liveness, metrics
  messaging/   Redis: the broker, and the channel of finished jobs
  objects/     S3: inputs and results
  sql/         the database: engine, tables, schema, clock
  tenants/     API keys, the audit log, usage
  webhooks/    what is owed to whoever gave a `callback_url`
  jobs/        the job table
  batches/     the tables of batches
  operations/  how the whole installation is
Beside them:
  manifest     what a network expects and gives
  documents    where docs/ lies
"""
