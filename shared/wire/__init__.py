"""What clients write and read, word by word.

contract         the words and limits of the hosted API
rendition        how pictures are delivered: what only `/v1` knows
presets          renditions by name, one for a marketplace: presets.toml
option_words     all of these as the tables hold them, past what this release understands
report           what is told of a finished picture
types            texts and numbers that mean more than their JSON type says
webhook_secrets  the texts of secrets that sign webhooks
"""
