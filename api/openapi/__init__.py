"""The description of the API, made of the constants that the code works with.

`document` puts it together; `operations` has the routes, `inputs` what they take, `schemas` what they answer, and
`errors` what can go wrong where. `tests/api` holds every answer of every test to it.
"""
