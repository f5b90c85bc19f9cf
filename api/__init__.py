"""The front end: takes photos in, hands job ids out, and answers for what became of them.

`app` puts it together, `wsgi` starts it under gunicorn. Each request is named first (`request_names`). One file of
`routes` is one face; `intake` makes a job of an upload, `answers` says what became of it. Nothing here decodes a pixel.
"""
