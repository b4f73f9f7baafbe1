# gnuplot bandwidth_efficiency.gp draws bandwidth_efficiency.png from bandwidth_efficiency.csv.
reset
set encoding utf8
set terminal pngcairo noenhanced size 1200,728 font "sans-serif,21.0" linewidth 2 pointscale 2 background "#ffffff"
set output 'bandwidth_efficiency.png'
DATA = 'bandwidth_efficiency.csv'
set datafile separator ","
set datafile missing "NaN"

set multiplot
reset
set datafile separator ","
set datafile missing "NaN"
set border 3 lc rgb "#777777"
set tics nomirror textcolor rgb "#333333"
set format "%h"
set grid lt 1 lc rgb "#e8e8e8" lw 1
set label 'example-fashion-mnist: accuracy points per MB uploaded' at screen 0.02000, screen 0.94505 left
set key at screen 0.01333, screen 0.91209 left top horizontal reverse Left maxcols 2 samplen 1.5 width 1 noenhanced
set lmargin at screen 0.12333
set rmargin at screen 0.96667
set tmargin at screen 0.84066
set bmargin at screen 0.18132
set xlabel "round"
set xrange [0.4:10.6]
set xtics 1, 1
set ylabel "points per MB"
unit = 0.1
set nonlinear y via asinh(y / unit) inverse unit * sinh(y)
set yrange [-0.19761372110365708:14.675615212527967]
set ytics (0, "0.1" 0.1, "-0.1" -0.1, "1" 1.0, "10" 10.0)
set arrow from 2, graph 0 to 2, graph 1 nohead dt 3 lw 1.5 lc rgb "#777777"
set label " falls off after round 2" at 2, graph 0.95 textcolor rgb "#555555"
plot 0 with lines lc rgb "#777777" notitle, \
          DATA using 1:($5 == 1 ? $2 : NaN) with points pt 7 ps 0.5 lc rgb "#4477aa" title 'gained', \
     DATA using 1:($5 == -1 ? $2 : NaN) with points pt 7 ps 0.5 lc rgb "#ee6677" title 'lost'
unset multiplot
unset output
