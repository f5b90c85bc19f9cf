"""`cutwork-admin doctor`: looks at all that an installation stands on, and says what is wrong and how to mend it."""
