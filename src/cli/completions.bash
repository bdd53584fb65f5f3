

# The ids of the book at hand, after the verbs that take one.
_faultbook_or_ids() {
    local word="${COMP_WORDS[COMP_CWORD]}"
    case "${COMP_WORDS[1]}" in
        show|explain|verify|mv)
            if [[ "$COMP_CWORD" -gt 1 && "$word" != -* ]]; then
                COMPREPLY=($(compgen -W "$(faultbook list --drafts -f ids 2>/dev/null)" -- "$word"))
                return
            fi
            ;;
    esac
    _faultbook "$@"
}
complete -F _faultbook_or_ids -o nosort -o bashdefault -o default faultbook
