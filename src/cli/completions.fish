

# The ids of the book at hand, after the verbs that take one.
complete -c faultbook -n "__fish_seen_subcommand_from show explain verify mv" -f -a "(faultbook list --drafts -f ids 2>/dev/null)"
