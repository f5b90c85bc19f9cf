"""What the front end and the workers must agree on.

The vocabulary (`contract`, `errors`, `job`, `rendition`, `presets`), the settings, and the three stores a job lives
in: the job table (`tables`, `database`, `job_store`, `key_store`), the object store (`object_store`) and the broker
(`broker`, `announcements`). Nothing here knows Flask, NumPy or ONNX Runtime.
"""
