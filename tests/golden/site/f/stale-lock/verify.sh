#!/bin/sh
# faultbook: the check of `stale-lock`, as a script of its own
# digest: sha256:419b1dd59d5733f42c6d0433ea3ee3b11936af28259ef17005bb57ee30bb1df0
# Without --run it prints what it would run, and runs nothing.
set -u
plan() {
cat <<'END_b5ba7a26da7f99354c6953c83a5f466a854320d8c25d6667546498dd9fe21082'
stale-lock: error: could not get lock /var/lib/thing.lock
--run runs this script in the present folder, as you, without a sandbox:
    test ! -e thing.lock || { echo could not get lock; exit 1; }
--self-test first runs this one in an empty temporary folder, then the other there:
    touch thing.lock
END_b5ba7a26da7f99354c6953c83a5f466a854320d8c25d6667546498dd9fe21082
}
case ${1-} in
--run|--self-test) ;;
*) plan; exit 0 ;;
esac
umask 077
work=$(mktemp -d "${TMPDIR:-/tmp}/faultbook.XXXXXX") || exit 3
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/run" <<'END_b5ba7a26da7f99354c6953c83a5f466a854320d8c25d6667546498dd9fe21082'
test ! -e thing.lock || { echo could not get lock; exit 1; }
END_b5ba7a26da7f99354c6953c83a5f466a854320d8c25d6667546498dd9fe21082
cat >"$work/setup" <<'END_b5ba7a26da7f99354c6953c83a5f466a854320d8c25d6667546498dd9fe21082'
touch thing.lock
END_b5ba7a26da7f99354c6953c83a5f466a854320d8c25d6667546498dd9fe21082
if timeout -k 1 5 true 2>/dev/null; then limited() { timeout -k 1 10 "$@"; }
elif timeout 5 true 2>/dev/null; then limited() { timeout 10 "$@"; }
else limited() { "$@"; }
fi
cannot_tell() {
  printf 'CANNOT_TELL: %s\n' "$1"
  if [ "$1" != '' ] && [ "$mode" = --self-test ]; then exit 6; fi
  exit 77
}
perform() {
  ( cd "$folder" && ulimit -f 131072 && limited env LANG=C.UTF-8 LC_ALL=C.UTF-8 TZ=UTC TERM=dumb NO_COLOR=1 \
    GIT_TERMINAL_PROMPT=0 sh -eu "$work/$1" ) >"$work/out" 2>&1 </dev/null
  status=$?
  case $status in 124|125|137) cannot_tell "\`$1\` did not end in time, or was ended" ;; esac
}
mode=$1
folder=.
if [ "$mode" = --self-test ]; then
  folder=$work/state
  mkdir "$folder"
  perform setup
  [ "$status" -eq 0 ] || cannot_tell "\`setup\` ended with exit $status"
fi
perform run
LC_ALL=C
export LC_ALL
[ "$(wc -c <"$work/out")" -le 65536 ] || cannot_tell 'it printed too much for a script to look at'
[ "$(wc -c <"$work/out")" -eq "$(tr -d '\000' <"$work/out" | wc -c)" ] || cannot_tell 'it printed NUL bytes'
out=$(cat "$work/out"; printf x)
out=${out%x}
k_not() { case $1 in t) echo f ;; f) echo t ;; *) echo u ;; esac; }
k_all() { r=t; for x do case $x in f) r=f; break ;; u) r=u ;; esac; done; echo $r; }
k_exit() { if [ "$status" -gt 128 ]; then echo u; elif [ "$status" -eq "$1" ]; then echo t; else echo f; fi; }
k_has() { case $out in *"$1"*) echo t ;; *) echo f ;; esac; }
k_is() {
  blank=$(printf ' \t\r\n\013\014x')
  blank=${blank%x}
  t=${out#"${out%%[!$blank]*}"}
  t=${t%"${t##*[!$blank]}"}
  if [ "$t" = "$1" ]; then echo t; return; fi
  case $t in [!' '-'~']*|*[!' '-'~']) echo u ;; *) echo f ;; esac
}
k_grep() {
  if [ "$1" = ascii ] && [ "$(tr -d '\001-\177' <"$work/out" | wc -c)" -ne 0 ]; then echo u; return; fi
  grep -q $3 -E -e "$2" "$work/out"
  case $? in 0) echo t ;; 1) echo f ;; *) echo u ;; esac
}
broken=$(k_all "$(k_exit 1)" "$(k_has 'could not get lock')")
fixed=$(k_all "$(k_exit 0)")
case $broken$fixed in
tf) verdict=PRESENT; code=1 ;;
ft) verdict=ABSENT; code=0 ;;
*) verdict=CANNOT_TELL; code=77 ;;
esac
printf '%s\n' "$verdict"
if [ "$mode" = --self-test ]; then
  [ "$verdict" = PRESENT ] || exit 6
  exit 0
fi
exit "$code"
