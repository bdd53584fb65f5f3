

# The ids of the book at hand, after the verbs that take one.
_faultbook_or_ids() {
    if (( CURRENT > 2 )) && [[ "${words[2]}" == (show|explain|verify|mv) && "${words[CURRENT]}" != -* ]]; then
        compadd -- ${(f)"$(faultbook list --drafts -f ids 2>/dev/null)"}
    else
        _faultbook "$@"
    fi
}
compdef _faultbook_or_ids faultbook
