"""The description of the API, made of the constants that the code works with.

document    puts it together
operations/ the routes, a file for each noun
inputs      what they take in headers, paths and queries
uploads     and in forms
answers     what they answer: one of the kinds in schemas, with an example; types: schemas of what the code serialises
errors      what can go wrong; codes: which errors come together

`tests/api` holds every answer of every test to it.
"""
