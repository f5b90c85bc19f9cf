"""The front end: takes photos in, hands job ids out, and answers for what became of them.

`app` puts it together, `wsgi` starts it under gunicorn. One file of `routes` is one face; `form` reads an upload,
`submission` makes a job of it, `waiting` waits for one, `envelope` writes every answer and `problems` every error.
Nothing here decodes a pixel.
"""
