# What the scripts share; sourced, never run. Every script works from the repository's root.
set -eu
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/.."
root=$PWD

# say TEXT…: one line of the script's own, on standard error.
say() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
}

die() {
    say "$*"
    exit 1
}

# jobs: how many compilers at once.
jobs() {
    if [ -n "${JOBS:-}" ]; then
        printf '%s' "$JOBS"
    else
        nproc
    fi
}

# our_files SUFFIX…: every file of ours with that ending; what is built or fetched is not ours.
our_files() {
    for suffix in "$@"; do
        find clients common services tests -name "*$suffix" -type f
    done | sort
}

# help_text: the comment at the head of the script.
help_text() {
    sed -n '2,/^$/s/^# \{0,1\}//p' "$root/scripts/$(basename "$0")"
}
