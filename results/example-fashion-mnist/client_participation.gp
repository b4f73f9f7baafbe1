# gnuplot client_participation.gp draws client_participation.png from client_participation.csv.
reset
set terminal pngcairo noenhanced size 1100,480 font "sans,13" background "#ffffff"
set output "client_participation.png"
set datafile separator ","
set datafile missing "NaN"
set border 3 lc rgb "#777777"
set tics nomirror textcolor rgb "#333333"
set grid lt 1 lc rgb "#e8e8e8" lw 1
set title offset 0,1.1
set key at graph 0.5,1.02 bottom center horizontal reverse Left samplen 1.5 width -1 font "sans,12"
set tmargin 5
set title "example-fashion-mnist: clients a round"
set xlabel "round"
set xrange [0.4:10.6]
set xtics 1, 1
set ylabel "clients"
set yrange [0:5.40]
set ytics 1
set style fill solid noborder
plot "client_participation.csv" using 1:($2):(0.7) with boxes lc rgb "#4477aa" title "took part", \
     5.0 with lines lw 2 dt 2 lc rgb "#222222" title "mean, 5.0"
unset output
