# Completion of fedmpi's command lines in bash, and of mpirun's where they start fedmpi. fedmpi-complete knows the words.
_fedmpi() {
    local line=${COMP_LINE:0:COMP_POINT} command program folder word typed cut=''
    local -a words=() found=()
    read -ra words <<<"$line"
    [[ $line != *[[:space:]] ]] || words+=('')
    typed=${words[-1]}
    for command in "${words[0]/#\~\//"$HOME/"}" fedmpi; do
        program=$(type -P -- "$command") || continue
        folder=${program%/*}
        for program in "$folder/../lib/fedmpi/fedmpi-complete" "$folder/fedmpi-complete"; do
            [[ -x $program ]] || continue
            mapfile -t found < <("$program" "${words[@]}" 2>/dev/null)
            # Readline completes what is behind the last character that breaks words.
            if [[ $typed == *[:=]* && $COMP_WORDBREAKS == *[:=]* ]]; then cut=${typed%"${typed##*[:=]}"}; fi
            COMPREPLY=()
            for word in "${found[@]}"; do
                word=${word%%$'\t'*}
                word=${word#"$cut"}
                [[ $word != *[$' \'"\\&;()<>|*?$`!']* ]] || printf -v word %q "$word"
                COMPREPLY+=("$word")
            done
            if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *[/:=] ]]; then compopt -o nospace 2>/dev/null; fi
            return 0
        done
    done
    return 0
}
complete -o nosort -F _fedmpi fedmpi fedmpi-mpirun
# mpirun has no completion of its own in Debian; who has one keeps it.
complete -p mpirun &>/dev/null || complete -o nosort -o default -F _fedmpi mpirun
