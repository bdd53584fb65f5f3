set -f
umask 077
k_mode=$1
k_work=$(mktemp -d "${TMPDIR:-/tmp}/faultbook.XXXXXX") || exit 3
trap 'rm -rf "$k_work"' EXIT
trap 'exit 130' INT TERM HUP
mkdir "$k_work/home" "$k_work/tmp" || exit 3
k_work=$(cd "$k_work" && pwd -P) || exit 3
k_subject=$(pwd -P) || exit 3
LC_ALL=C
export LC_ALL
k_end=$(printf '\001')
k_return=$(printf '\r')
k_line='
'
k_empty=$k_work/empty
if timeout -k 1 5 true 2>/dev/null; then k_limited() { timeout -k 1 "$k_seconds" "$@"; }
elif timeout 5 true 2>/dev/null; then k_limited() { timeout "$k_seconds" "$@"; }
else k_limited() { "$@"; }
fi
k_cannot_tell() { printf 'CANNOT_TELL: %s\n' "$1"; exit 77; }
k_not() { case $1 in t) echo f ;; f) echo t ;; *) echo u ;; esac; }
k_all() { k_r=t; for k_i do case $k_i in f) k_r=f; break ;; t) ;; *) k_r=u ;; esac; done; echo "$k_r"; }
k_any() { k_r=f; for k_i do case $k_i in t) k_r=t; break ;; f) ;; *) k_r=u ;; esac; done; echo "$k_r"; }
k_first() {
  while [ "$#" -gt 1 ]; do
    case $1 in *s*) shift 2 ;; *) echo "$2"; return ;; esac
  done
  echo u
}
k_decide() {
  case $1$2 in
  tt) k_fact=a ;;
  t*) k_fact=t ;;
  ?t) k_fact=f ;;
  ff) k_fact=u k_why=unrecognised ;;
  *) k_fact=u k_why='sh cannot tell exactly' ;;
  esac
}
k_number() {
  case $1 in ''|*[!0-9]*) echo u; return ;; esac
  if [ "$1" "$2" "$3" ]; then echo t; else echo f; fi
}
k_text() {
  k_t=$(cat "$1"; printf x)
  k_t=${k_t%x}
  case $2 in
  is) case $k_t in "$3") echo t ;; *) echo f ;; esac ;;
  has) case $k_t in *"$3"*) echo t ;; *) echo f ;; esac ;;
  begins) case $k_t in "$3"*) echo t ;; *) echo f ;; esac ;;
  ends) case $k_t in *"$3") echo t ;; *) echo f ;; esac ;;
  esac
}
k_finds() {
  if [ "$2" = ascii ] && [ "$(tr -d '\001-\177' <"$1.flat" | wc -c)" -ne 0 ]; then echo u; return; fi
  grep -q "$3" -E -e "$4" "$1.flat"
  case $? in 0) echo t ;; 1) echo f ;; *) echo u ;; esac
}
k_in_range() {
  k_file=$1
  shift
  awk -v spec="$*" '
    { text = text $0 "\n" }
    END {
      if (!match(text, /[0-9]+(\.[0-9]+)?(\.[0-9]+)?/)) { print "u"; exit }
      split(substr(text, RSTART, RLENGTH), have, ".")
      n = split(spec, want, " ")
      for (i = 1; i <= n; i += 4) {
        order = 0
        for (k = 1; k <= 3 && order == 0; k++) order = (have[k] + 0) - (want[i + k] + 0)
        if (want[i] == ">=" && order < 0 || want[i] == "<" && order >= 0) { print "f"; exit }
      }
      print "t"
    }' "$k_file"
}
k_take() {
  k_size=$(wc -c <"$1") || { k_why=unreadable; return; }
  if [ "$k_size" -gt 1048576 ]; then k_why='too large for a script'; return; fi
  if [ "$(tr -d '\000\001' <"$1" | wc -c)" -ne "$k_size" ]; then k_why='it holds characters that sh cannot keep'; return; fi
  cat "$1" >"$k_work/$2"
  tr '\n' '\001' <"$1" >"$k_work/$2.flat"
}
k_place() {
  k_path=$1 k_there=f k_at=. k_rest=$1 k_is_file=f k_x=f
  while [ -n "$k_rest" ]; do
    k_part=${k_rest%%/*}
    case $k_rest in */*) k_rest=${k_rest#*/} ;; *) k_rest= ;; esac
    [ -n "$k_part" ] || continue
    k_at=$k_at/$k_part
    if [ -L "$k_at" ]; then k_there=u; return; fi
  done
  if [ -e "$k_at" ]; then k_there=t; fi
}
k_load() {
  [ -f "$k_path" ] || return 0
  k_is_file=t
  [ -z "$(find "$k_path" -prune \( -perm -100 -o -perm -010 -o -perm -001 \) -print)" ] || k_x=t
  if [ ! -r "$k_path" ]; then k_why=unreadable; return; fi
  k_take "$k_path" text
  [ -z "$k_why" ] || return 0
  head -n 1 "$k_work/text" | tr -d '\n' >"$k_work/raw"
  k_take "$k_work/raw" first
}
k_list() {
  k_n=0
  if [ -n "$(find . -type d \( -name .git -o -name node_modules -o -name target \) -prune -o -name "*$k_line*" -print 2>/dev/null)" ]; then
    k_why='a name holds a line end'
    return
  fi
  find . -type d \( -name .git -o -name node_modules -o -name target \) -prune -o ! -type d -print 2>/dev/null |
    sed 's/^\.\///' | grep -E -e "$1" >"$k_work/list"
  if [ -n "$2" ]; then
    grep -v -E -e "$2" "$k_work/list" >"$k_work/kept"
    cat "$k_work/kept" >"$k_work/list"
  fi
  if [ "$(tr -d '\001-\177' <"$k_work/list" | wc -c)" -ne 0 ]; then k_why='a name is not ASCII'; fi
  k_n=$(grep -c '' "$k_work/list")
}
k_files() {
  k_some=f k_every=t
  while IFS= read -r k_name; do
    k_why=
    k_place "./$k_name"
    case $k_there in t) k_load ;; u) k_why=link ;; esac
    k_it=u
    if [ -z "$k_why" ]; then
      if [ "$k_there" = f ]; then k_it=f; else k_it=$("$2"); fi
    fi
    k_some=$(k_any "$k_some" "$k_it")
    k_every=$(k_all "$k_every" "$k_it")
  done <"$k_work/list"
  case $1 in
  any) echo "$k_some" ;;
  none) k_not "$k_some" ;;
  all) if [ "$k_n" -eq 0 ]; then echo f; else echo "$k_every"; fi ;;
  esac
}
k_env() {
  k_set=f
  if awk 'BEGIN { exit !(ARGV[1] in ENVIRON) }' "$1"; then
    k_set=t
    awk 'BEGIN { printf "%s", ENVIRON[ARGV[1]] }' "$1" >"$k_work/raw"
    k_take "$k_work/raw" text
  fi
}
k_find() {
  k_program=
  for k_name do
    k_ifs=$IFS
    IFS=:
    for k_folder in $PATH; do
      case $k_folder in
      "$k_subject"|"$k_subject"/*) ;;
      /*) if [ -f "$k_folder/$k_name" ] && [ -x "$k_folder/$k_name" ]; then k_program=$k_folder/$k_name; break; fi ;;
      esac
    done
    IFS=$k_ifs
    [ -z "$k_program" ] || return 0
  done
}
k_call() {
  k_seconds=$1 k_folder=$2 k_exit=-
  shift 2
  case $k_program in *=*) k_why='a path of a program holds ='; return ;; esac
  rm -rf "$k_empty"
  mkdir "$k_empty"
  ( cd "$k_folder" && ulimit -f 131072 && k_limited env -i LANG=C.UTF-8 LC_ALL=C.UTF-8 TZ=UTC TERM=dumb NO_COLOR=1 \
    GIT_TERMINAL_PROMPT=0 PIP_NO_INPUT=1 npm_config_offline=true npm_config_update_notifier=false CARGO_NET_OFFLINE=true \
    ${RUSTUP_HOME:+"RUSTUP_HOME=$RUSTUP_HOME"} ${PYENV_ROOT:+"PYENV_ROOT=$PYENV_ROOT"} ${NVM_DIR:+"NVM_DIR=$NVM_DIR"} \
    ${VOLTA_HOME:+"VOLTA_HOME=$VOLTA_HOME"} ${JAVA_HOME:+"JAVA_HOME=$JAVA_HOME"} ${GOROOT:+"GOROOT=$GOROOT"} "$@" \
  ) >"$k_work/raw.1" 2>"$k_work/raw.2" </dev/null
  k_exit=$?
  case $k_exit in 124|125|137) k_why=timeout; return ;; esac
  [ "$k_exit" -le 128 ] || k_exit=-
  cat "$k_work/raw.1" "$k_work/raw.2" >"$k_work/raw"
  if [ "$(wc -c <"$k_work/raw")" -gt 65536 ]; then k_why='it printed too much for a script'; return; fi
  k_take "$k_work/raw.1" stdout
  k_take "$k_work/raw.2" stderr
  k_take "$k_work/raw" output
}
k_ask() {
  k_found=f k_why=
  [ -n "$k_program" ] || return 0
  k_call 20 "$k_empty" "PATH=$PATH" "HOME=$k_home" "TMPDIR=$k_work/tmp" "$k_program" "$@"
  : >"$k_work/text"
  [ -z "$k_why" ] && [ "$k_exit" = 0 ] || return 0
  k_found=t
  awk 'match($0, /[0-9]+\.[0-9]+(\.[0-9]+)*[0-9A-Za-z.+-]*/) { print substr($0, RSTART, RLENGTH); exit }' \
    "$k_work/output" | sed 's/\.*$//' | tr -d '\n' >"$k_work/raw"
  k_take "$k_work/raw" text
  [ -s "$k_work/text" ] || k_why=no-version
}
for k_tool in RUSTUP_HOME:.rustup PYENV_ROOT:.pyenv NVM_DIR:.nvm VOLTA_HOME:.volta; do
  [ -d "${HOME-}/${k_tool#*:}" ] || continue
  case ${k_tool%:*} in
  RUSTUP_HOME) : "${RUSTUP_HOME:=$HOME/.rustup}" ;;
  PYENV_ROOT) : "${PYENV_ROOT:=$HOME/.pyenv}" ;;
  NVM_DIR) : "${NVM_DIR:=$HOME/.nvm}" ;;
  VOLTA_HOME) : "${VOLTA_HOME:=$HOME/.volta}" ;;
  esac
done
