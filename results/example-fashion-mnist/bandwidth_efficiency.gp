# gnuplot bandwidth_efficiency.gp draws bandwidth_efficiency.png from bandwidth_efficiency.csv.
reset
set terminal pngcairo noenhanced size 1100,480 font "sans,13" background "#ffffff"
set output "bandwidth_efficiency.png"
set datafile separator ","
set datafile missing "NaN"
set border 3 lc rgb "#777777"
set tics nomirror textcolor rgb "#333333"
set grid lt 1 lc rgb "#e8e8e8" lw 1
set title offset 0,1.1
set key at graph 0.5,1.02 bottom center horizontal reverse Left samplen 1.5 width -1 font "sans,12"
set tmargin 5
set title "example-fashion-mnist: accuracy points per MB uploaded"
set xlabel "round"
set xrange [0.4:10.6]
set xtics 1, 1
set ylabel "points per MB"
unit = 0.1
set nonlinear y via asinh(y / unit) inverse unit * sinh(y)
set yrange [-0.19761372110365708:14.675615212527967]
set ytics (0, "0.1" 0.1, "-0.1" -0.1, "1" 1.0, "10" 10.0)
set arrow from 2, graph 0 to 2, graph 1 nohead dt 3 lw 2 lc rgb "#777777"
set label " falls off after round 2" at 2, graph 0.95 textcolor rgb "#555555"
gained(y) = y >= 0 ? y : NaN
lost(y) = y < 0 ? y : NaN
plot 0 with lines lc rgb "#777777" notitle, \
     "bandwidth_efficiency.csv" using 1:(0):(0):2 with vectors nohead lw 2.5 lc rgb "#9db8d4" notitle, \
     "bandwidth_efficiency.csv" using 1:(gained($2)) with points pt 7 ps 1.2 lc rgb "#4477aa" title "gained", \
     "bandwidth_efficiency.csv" using 1:(lost($2)) with points pt 7 ps 1.2 lc rgb "#ee6677" title "lost"
unset output
