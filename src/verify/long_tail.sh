k_unknown=
k_note() {
  case $2 in
  a) printf 'ERROR: ambiguous-step: %s\n' "$1"; exit 3 ;;
  u|s) k_unknown="$k_unknown${k_unknown:+, }$1 ($3)" ;;
  esac
}
k_open=
k_guard() {
  case $1 in
  t) printf 'MASKED: %s\n' "$2"; exit 4 ;;
  f) ;;
  *) k_open=${k_open:-"cannot rule out $2"} ;;
  esac
}
k_require() {
  case $1 in
  t) ;;
  f) printf 'INCOMPLETE: %s\n' "$2"; exit 4 ;;
  *) k_open=${k_open:-$2} ;;
  esac
}
k_notes
case $k_present$k_absent in
tt) printf 'ERROR: contradiction\n'; exit 3 ;;
t*) if [ "$k_mode" = --repair ]; then printf 'NOT_FIXED\n'; else printf 'PRESENT\n'; fi; exit 1 ;;
?t) ;;
ff) k_cannot_tell 'neither present nor absent' ;;
*) k_cannot_tell "not known: $k_unknown" ;;
esac
if [ "$k_mode" = --run ]; then printf 'ABSENT\n'; exit 0; fi
k_masked
[ -z "$k_open" ] || k_cannot_tell "$k_open: $k_unknown"
k_required
[ -z "$k_open" ] || k_cannot_tell "$k_open: $k_unknown"
printf 'FIXED\n'
