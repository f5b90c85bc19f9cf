"""The faces of the front end, one file each."""
