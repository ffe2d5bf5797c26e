-- ARGV: a round that was asked for.
note(ARGV[1])
return {}
