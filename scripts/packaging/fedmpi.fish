# Completion of fedmpi's command lines in fish, and of mpirun's where they start fedmpi. fedmpi-complete knows the words.
function __fedmpi_complete
    set -l words (commandline -opc) (commandline -ct)
    for candidate in $words[1] fedmpi
        set -l program (command -s -- $candidate)
        or continue
        set -l folder (string replace -r '/[^/]*$' '' -- $program)
        for program in $folder/../lib/fedmpi/fedmpi-complete $folder/fedmpi-complete
            if test -x $program
                $program $words 2>/dev/null
                return
            end
        end
    end
end
for command in fedmpi fedmpi-mpirun
    complete -c $command -k -f -a "(__fedmpi_complete)"
end
# Of another program files are offered as well.
complete -c mpirun -k -a "(__fedmpi_complete)"
