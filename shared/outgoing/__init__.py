"""Calls to addresses that a client named: one guard for all of them.

`Caller` is what others use. A client's URL must not lead to what only this machine can reach, whatever it resolves to,
redirects to, or sends.

destination  a URL, read strictly
addresses    which addresses are public
policy       where calls may go: hosts, ports, networks
resolution   a name's addresses, in time
call         what is sent, what it may cost, what comes back
connection   a call at the very addresses that were checked, in time
caller       from a URL to an answer, over redirects
failure      why there is none
"""
